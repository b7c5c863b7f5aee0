"""The key ``training.initial_weights``: where a training starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError

from .checks import Study, listed

KEYS = ("architecture", "loss")


def initial_problems(study: Study, architecture: str) -> Iterable[str]:
    """A missing file, a model that the study does not train, another network, or models that start from each other."""
    start = study.training.for_architecture(architecture).initial_weights
    named = "initial_weights" in study.training.overrides.get(architecture, {})
    key = f"training.overrides.{architecture}.initial_weights" if named else "training.initial_weights"
    if start is None:
        return
    if isinstance(start, str):
        if not Path(start).is_file():
            yield f"{key}: there is no file {start}"
        else:
            yield from (f"{key}: {problem}" for problem in _file_problems(start, study.architecture(architecture)))
        return
    if set(start) != set(KEYS):
        yield f"{key}: name a file, or both of {listed(KEYS)}"
        return
    if not any(start["architecture"] in b.architectures and start["loss"] in b.losses for b in study.models):
        yield f"{key}: the study trains no model {start['architecture']} / {start['loss']}"
        return
    source, own = start["architecture"], study.architecture(architecture)
    if study.architecture(source) != own:
        yield f"{key}: '{source}' is another network than '{architecture}'; they must have the same kind and options"
    elif _leads_back(study, architecture):
        yield f"{key}: '{architecture}' would start from itself; let one of the models start from random weights"


def _file_problems(path: str, own: Mapping[str, Any]) -> Iterable[str]:
    """Why a file is no start for a network: it is none of ours, or has the weights of another network."""
    from mrisr import arrays

    try:
        _, metadata = arrays.load(path, [])
    except InputError as error:
        yield from error.problems
        return
    found = metadata.get("architecture")
    if not isinstance(found, Mapping) or not isinstance(found.get("options"), Mapping):
        yield f"{path} holds no network; name weights that a training has written"
        return
    if found.get("kind") != own["kind"]:
        yield f"{path} holds weights of another network ({found.get('kind')}, not {own['kind']})"
        return
    options = json.loads(json.dumps(own["options"]))
    for name, value in found["options"].items():
        if name in options and options[name] != value:
            yield f"{path} holds weights of another network ({name} is {value!r} there and {options[name]!r} here)"
            return


def _leads_back(study: Study, architecture: str) -> bool:
    """Whether following the starting models leads in a circle. A model that names itself starts from random weights."""
    seen: list[tuple[str, str]] = []
    start = study.training.for_architecture(architecture).initial_weights
    while isinstance(start, dict) and set(start) == set(KEYS):
        model = (start["architecture"], start["loss"])
        if model in seen:
            return True
        seen.append(model)
        if model[0] not in study.architectures:
            return False
        following = study.training.for_architecture(model[0]).initial_weights
        if following == start:
            return False
        start = following
    return False
