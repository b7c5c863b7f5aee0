"""Validates a study, and reports all problems at once, one line each.

The schema finds wrong keys, types and values. Each section checks the rest for itself: names that must exist elsewhere,
and impossible combinations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mrisr.errors import InputError
from mrisr.files import plain_yaml
from mrisr.volumes.files import why_unreadable

from . import (
    degradations,
    evaluation,
    families,
    figures,
    folds,
    kernels,
    methods,
    models,
    protocol,
    remedies,
    slices,
    training,
)
from .config import StudyConfig
from .places import ALL_STUDIES, CHECKPOINTS
from .schema import schema_problems

CHECKED = (
    methods,
    degradations,
    families,
    kernels,
    models,
    evaluation,
    remedies,
    figures,
    training,
    protocol,
    slices,
    folds,
)
"""The sections that have checks, in the order in which their problems are reported."""

RUNS_CODE = "__use_yte__"
"""The key with which Snakemake evaluates a study's expressions. It takes the key away, so it stands in a file only."""
WARNING = "with this key Snakemake runs Python code of the file, in a dry run too; take it out, or trust who wrote it"

SHARED = {
    CHECKPOINTS.name: "the training states of all studies are kept",
    ALL_STUDIES.name: "`mrisr studies` writes the joint report",
}
"""What the folders of no single study hold, by name. On macOS and Windows letter case makes no difference."""


def load_study(path: str) -> StudyConfig:
    """Read and validate a study file."""
    require_readable(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a study file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not in UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    return validate(parsed(text, source=path), source=path)


def parsed(text: str, *, source: str) -> Any:
    """The value of a study's text. Raises `InputError` if it is no YAML of plain values, each key once."""
    try:
        return plain_yaml.parse(text)
    except plain_yaml.Unreadable as error:
        raise InputError(f"{source}: {error}") from error


def require_readable(path: str) -> None:
    """Raise `InputError` if reading a study file would never end, as with a FIFO or a device."""
    if problem := why_unreadable(path):
        raise InputError(f"{path}: {problem}; give the path of a study file")


def validate(raw: Any, *, source: str) -> StudyConfig:
    """Validate a configuration as read from YAML.

    Raises
    ------
    InputError
        One line for each problem: source, key, value, and what is allowed.
    """
    if isinstance(raw, Mapping) and (odd := [key for key in raw if not isinstance(key, str)]):
        raise InputError(*(f"{source}: {key!r} is no key of a study: a key is text" for key in odd))
    if not isinstance(raw, Mapping):
        raise InputError(f"{source}: is not a study: it holds {type(raw).__name__}, not keys and values")
    if RUNS_CODE in raw:
        raise InputError(f"{source}: {RUNS_CODE}: {WARNING}")
    try:
        study = StudyConfig(**raw).resolved()
    except ValidationError as error:
        raise InputError(*(f"{source}: {line}" for line in schema_problems(error, StudyConfig))) from None
    problems = list(_study_problems(study))
    if problems:
        raise InputError(*(f"{source}: {problem}" for problem in problems))
    return study


def _study_problems(study: StudyConfig) -> Iterable[str]:
    if holds := SHARED.get(study.study.casefold()):
        yield f"study: '{study.study}' is where {holds}; choose another name"
    for section in CHECKED:
        yield from section.problems(study)
