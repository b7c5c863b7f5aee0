"""The settings of one training, as the stage `train` reads them. Their values come from the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mrisr.errors import InputError, suggestion


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Section ``training`` of a study for one model. A test compares keys and types with the study's.

    `read` checks the types: every integer is 1 or more, a ``Literal`` lists all choices.
    ``steps_per_epoch`` None means as many batches as the slices fill once. ``patch`` is the side in HR pixels. None is
    for whole slices, which cannot have ``eighth_turns``. ``checkpoint_every`` counts steps, ``validate_every`` epochs.
    """

    optimiser: str | Mapping[str, Any]
    learning_rate: float
    schedule: Literal["cosine", "paper", "constant"]
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
        for key, hint in get_type_hints(cls).items():
            value = training.get(key)
            if value is not None and int in (hint, *get_args(hint)) and value < 1:
                problems.append(f"training.{key}: {value} is not allowed (1 or more)")
            if key in training and get_origin(hint) is Literal and value not in get_args(hint):
                problems.append(f"training.{key}: {value!r} is not known ({suggestion(str(value), get_args(hint))})")
        if training.get("eighth_turns") and training.get("patch") is None:
            problems.append("training.eighth_turns: a whole slice cannot be turned by 45 degrees; give training.patch")
        if problems:
            raise InputError(*problems)
        return cls(**training)
