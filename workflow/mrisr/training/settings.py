"""How one model is trained, as the training stage reads it (the study's configuration gives the values)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal

from mrisr.errors import InputError, suggestion


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Section ``training`` of a study for one model.

    ``steps_per_epoch`` None: as many batches as the slices fill once. ``patch``: side in HR pixels, None for whole
    slices, which cannot have ``eighth_turns``. ``checkpoint_every`` counts steps, ``validate_every`` epochs.
    """

    optimiser: str | Mapping[str, Any]
    learning_rate: float
    schedule: str
    epochs: int
    steps_per_epoch: int | None
    batch: int
    patch: int | None
    flips: bool
    quarter_turns: bool
    keep: Literal["last", "best"]
    checkpoint_every: int
    threads: int
    device: Literal["auto", "cpu", "cuda"]
    deterministic: bool
    eighth_turns: bool = False
    validate_every: int = 1

    @classmethod
    def read(cls, training: Mapping[str, Any]) -> Settings:
        """Settings from a mapping; a missing, unknown or impossible key is an `InputError`."""
        known = {field.name: field for field in fields(cls)}
        problems = [
            f"training.{key}: there is no such key ({suggestion(key, known)})" for key in training if key not in known
        ]
        problems += [
            f"training.{key}: is missing"
            for key, field in known.items()
            if field.default is MISSING and key not in training
        ]
        for key in ("epochs", "batch", "steps_per_epoch", "patch", "checkpoint_every", "validate_every", "threads"):
            value = training.get(key)
            if value is not None and value < 1:
                problems.append(f"training.{key}: {value} is not allowed (1 or more)")
        if training.get("keep", "last") not in ("last", "best"):
            problems.append(f"training.keep: {training['keep']!r} is not known (allowed: best, last)")
        if training.get("eighth_turns") and training.get("patch") is None:
            problems.append("training.eighth_turns: a whole slice cannot be turned by 45 degrees; give training.patch")
        if problems:
            raise InputError(*problems)
        return cls(**training)
