"""Where a trained model comes from: its own files, and the results of its study if they lie around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from mrisr import arrays, files
from mrisr.errors import InputError
from mrisr.files import plain_yaml, recorded
from mrisr.volumes.slicing import NORMALISE

WEIGHTS, RECORD, STUDY = "weights.safetensors", "run.json", "study.yaml"
AXIS = "axial"
"""The axis of a study that names none."""


class _Output(BaseModel):
    model_config = ConfigDict(extra="ignore")

    sha256: str


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")

    identity: str
    outputs: dict[str, _Output]


@dataclass(frozen=True)
class Origin:
    """A trained model's files and the settings with which its slices were made.

    Attributes
    ----------
    weights : Path
    identity : str
        Identity of the training.
    names : mapping
        scale, architecture, loss, training_set, fold and seed of the model in its study.
    results : Path, optional
        Folder of the study's results. None if the model lies elsewhere.
    axis : str or int
        Axis along which the study cut its volumes.
    normalise : mapping
        How the study normalised them.
    degradations : sequence of str
        What the model was trained on: the members of a mixture, otherwise its training set.
    """

    weights: Path
    identity: str
    names: Mapping[str, Any]
    results: Path | None
    axis: str | int
    normalise: Mapping[str, Any]
    degradations: Sequence[str]


def origin(folder: Path) -> Origin:
    """Find a model's files, and verify that its weights are those that its training wrote.

    Raises
    ------
    InputError
        The folder has no weights or no record, or the weights are others.
    """
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise InputError(
            f"{folder}: has no {WEIGHTS}; give the folder of a trained model, below results/<study>/models"
        )
    record = recorded.read(folder / RECORD, _Record)
    if record is None or WEIGHTS not in record.outputs:
        raise InputError(f"{folder}: has no {RECORD} that names its weights; copy the model's whole folder")
    if files.sha256(weights) != record.outputs[WEIGHTS].sha256:
        raise InputError(f"{weights}: is not what its training wrote (another SHA-256 than in {RECORD}); copy it again")
    _, metadata = arrays.load(weights)
    names = metadata.get("names")
    if not isinstance(names, dict) or not {"scale", "training_set"} <= names.keys():
        raise InputError(f"{weights}: its metadata do not name scale and training set; give a model of this program")
    results = next((above for above in folder.resolve().parents if (above / STUDY).is_file()), None)
    study = _written(results / STUDY) if results else {}
    cut = study.get("slices")
    cut = cut if isinstance(cut, dict) else {}
    normalise = {**NORMALISE, **(cut.get("normalise") or {})}
    trained_on = _degradations(study, str(names["training_set"]))
    return Origin(weights, record.identity, names, results, cut.get("axis", AXIS), normalise, trained_on)


def _degradations(study: Mapping[str, Any], training_set: str) -> list[str]:
    """The members of a mixture, or the training set itself."""
    try:
        members = study["degradations"][training_set]["members"]
        return [member for member in members if isinstance(member, str)] or [training_set]
    except (LookupError, TypeError):
        return [training_set]


def _written(path: Path) -> dict[str, Any]:
    """A study as it was written; nothing if it holds no mapping."""
    try:
        study = plain_yaml.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({' '.join(str(error).split())[:200]})") from error
    return study if isinstance(study, dict) else {}
