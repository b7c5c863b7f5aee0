"""The key ``training.initial_weights``: where a training starts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

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
