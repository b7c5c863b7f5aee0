"""The settings of one training, as the stage `train` reads them. Their values come from the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mrisr.errors import InputError, suggestion
from mrisr.plugins import kind_and_options

LATER = {"eighth_turns", "validate_every", "halve_every", "gradient_clipping", "initial_weights", "keep_epochs"}
"""Keys that a direct call of `train` may leave out. It has to give all others."""


OPTIMISERS = {"adam": {"betas", "weight_decay"}, "sgd": {"momentum", "weight_decay"}}
"""The optimisers, and the options of each."""


def require_optimiser(optimiser: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and options of an optimiser; `InputError` if there is no such one, or it has no such option."""
    try:
        name, options = kind_and_options(optimiser)
    except InputError as error:
        raise InputError(f"training.optimiser: {error.problems[0]}") from error
    if name not in OPTIMISERS:
        raise InputError(f"training.optimiser: '{name}' is not known ({suggestion(name, OPTIMISERS)})")
    for option, value in options.items():
        if option not in OPTIMISERS[name]:
            known = suggestion(option, OPTIMISERS[name])
            raise InputError(f"training.optimiser: '{name}' has no option '{option}' ({known})")
        if option == "betas":
            right = "two numbers, 0 or more and below 1"
            is_pair = isinstance(value, list | tuple) and len(value) == 2
            is_right = is_pair and all(_is_number(number) and number < 1 for number in value)
        else:
            right, is_right = "a finite number, 0 or more", _is_number(value)
        if not is_right:
            raise InputError(f"training.optimiser.{option}: {value!r} is not allowed ({right})")
    return name, options


def _is_number(value: Any) -> bool:
    """Whether a value is a finite number of at least 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**63


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The section ``training`` of a study, for one model.

    The keys of a study, with their types, defaults and descriptions, are made from this class. `read` checks values by
    their types: every integer must be 1 or more, and a ``Literal`` lists all choices.

    Options of an optimiser stand in ``options`` here, beside its ``kind``; its description below is a study's form.
    """

    # Descriptions are docstrings, because these are not part of an identity. So a better word makes no result stale.
    optimiser: str | Mapping[str, Any] = "adam"
    """optimiser: adam (betas 0.9 and 0.999), sgd (momentum 0.9), or {kind: sgd, momentum: 0.9, weight_decay: 0.0001}"""
    learning_rate: float = 1e-4
    """learning rate at the start"""
    schedule: Literal["cosine", "paper", "constant", "halving", "rrlsrn", "fmen"] = "cosine"
    """course of the learning rate. cosine: falls every step, down to 1e-6; paper: x 0.05 after epochs 30 and 50;
    halving: halved every halve_every epochs; rrlsrn: every 50 epochs; fmen: every 200 epochs"""
    halve_every: int | None = None
    """number of epochs between two halvings, for the schedule halving"""
    gradient_clipping: float | None = None
    """largest norm of a step's gradient, over all weights; null: no limit"""
    epochs: int = 500
    """number of epochs"""
    steps_per_epoch: int | None = None
    """steps of an epoch; null: as many as there are batches of all slices"""
    batch: int = 4
    """number of slices or patches in a step"""
    patch: int | None = None
    """side of a patch in HR pixels; null: whole slices"""
    flips: bool = True
    """flip each axis at random"""
    quarter_turns: bool = True
    """turn by 0, 90, 180 or 270 degrees at random"""
    eighth_turns: bool = False
    """turn patches by 0 or 45 degrees more at random, with a cubic spline. With quarter_turns these are the eight
    rotations of the realistic-downsampling paper"""
    initial_weights: str | Mapping[str, Any] | None = None
    """where the training starts: a file of weights, or {architecture, loss}, a model of this study with the same
    training set, fold and seed; null: random weights"""
    keep_epochs: tuple[int, ...] = ()
    """epochs after which the weights and the estimate of a validation slice are also kept, in epochs.safetensors"""
    keep: Literal["last", "best"] = "last"
    """keep the weights of the last epoch, or of the epoch with the lowest validation loss"""
    checkpoint_every: int = 500
    """steps between two checkpoints"""
    validate_every: int = 1
    """epochs between two validations; the last epoch always has one"""
    threads: int = 1
    """exact number of threads of a training; another number changes the last digits of the results"""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: CUDA if there is a GPU, else the CPU"""
    deterministic: bool = True
    """false: faster on CUDA, but the last digits differ from run to run"""

    @classmethod
    def read(cls, training: Mapping[str, Any]) -> Settings:
        """Settings from a mapping; a missing, unknown or impossible key is an `InputError`."""
        known = {field.name: field for field in fields(cls)}
        problems = [
            f"training.{key}: there is no such key ({suggestion(key, known)})" for key in training if key not in known
        ]
        problems += [f"training.{key}: is missing" for key in known if key not in training and key not in LATER]
        for key, hint in get_type_hints(cls).items():
            value = training.get(key)
            if isinstance(value, int) and int in (hint, *get_args(hint)) and value < 1:
                problems.append(f"training.{key}: {value} is not allowed (1 or more)")
            if key in training and get_origin(hint) is Literal and value not in get_args(hint):
                problems.append(f"training.{key}: {value!r} is not known ({suggestion(str(value), get_args(hint))})")
        if training.get("eighth_turns") and training.get("patch") is None:
            problems.append("training.eighth_turns: a whole slice cannot be turned by 45 degrees; give training.patch")
        limit = training.get("gradient_clipping")
        if limit is not None and not limit > 0:
            problems.append(f"training.gradient_clipping: {limit} is not allowed (a positive number)")
        problems += [f"training.{problem}" for _, problem in dependent_problems(training)]
        if problems:
            raise InputError(*problems)
        return cls(**training)


def dependent_problems(training: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with keys of the section ``training`` that depend on each other.

    Each line is given with those keys, and begins with the one to change.
    """
    if training.get("schedule") == "halving" and not training.get("halve_every"):
        problem = "halve_every: is missing; the schedule 'halving' needs the epochs between two halvings"
        yield ("schedule", "halve_every"), problem
    for epoch in training.get("keep_epochs") or ():
        if not 1 <= epoch <= training.get("epochs", epoch):
            problem = f"keep_epochs: there is no epoch {epoch} (training has {training.get('epochs')})"
            yield ("epochs", "keep_epochs"), problem
