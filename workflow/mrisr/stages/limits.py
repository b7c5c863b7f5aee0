"""What no training can be: larger than a slice, larger than the machine, longer than ten years."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mrisr.study.config import TrainingOptions

STEPS_A_SECOND = 1000
"""More steps a second than even a small network makes on the fastest device, one after the other."""
YEARS = 10
"""A training that would take longer is refused."""
SECONDS_A_YEAR = 365.25 * 86400

Geometries = Mapping[str, Any]
"""A `mrisr.costs.geometry.Geometry` for each subject."""


def training_limits(
    key: Callable[[str], str], options: TrainingOptions, geometries: Geometries, memory: float
) -> Iterator[str]:
    """What is wrong with the size of one training.

    Parameters
    ----------
    key : callable
        The key of an option in the study.
    options : TrainingOptions
    geometries : mapping
        Of the training subjects.
    memory : float
        Bytes of memory of this machine; infinite if the training runs on another one.
    """
    yield from slice_limit(key("patch"), "a patch", options.patch, geometries)
    yield from _batch_limit(key("batch"), options, geometries, memory)
    steps = training_steps(options, list(geometries.values()))
    yield from length_limit(key("epochs"), f"{options.epochs} epochs are {steps:.3g} steps", steps)


def training_steps(options: TrainingOptions, training: list) -> int:
    """Steps of a whole training on the slices of some subjects (their geometries)."""
    slices = sum(geometry.slices for geometry in training)
    return options.epochs * (options.steps_per_epoch or math.ceil(slices / options.batch))


def slice_limit(key: str, what: str, side: int | None, geometries: Geometries) -> Iterator[str]:
    """A line for the smallest slices that a square does not fit into, where sizes are known."""
    known = {subject: geometry for subject, geometry in geometries.items() if geometry.known}
    small = {subject: g for subject, g in known.items() if side is not None and min(g.height, g.width) < side}
    if small:
        subject, least = min(small.items(), key=lambda item: min(item[1].height, item[1].width))
        yield (
            f"{key}: {what} of {side} x {side} pixels does not fit into the slices of {_named(subject, len(small))}, "
            f"{least.height} x {least.width} pixels; at most {min(least.height, least.width)} fit"
        )


def _named(subject: str, count: int) -> str:
    return f"'{subject}'" if count == 1 else f"'{subject}' and of {count - 1} more"


def _batch_limit(key: str, options: TrainingOptions, geometries: Geometries, memory: float) -> Iterator[str]:
    """A batch whose images alone exceed the memory. One of whole slices holds no slice twice."""
    if options.patch is not None:
        images, pixels = options.batch, options.patch**2
    else:
        images = min(options.batch, sum(geometry.slices for geometry in geometries.values()))
        pixels = max(geometry.pixels for geometry in geometries.values())
    if 4 * images * pixels > memory:
        yield (
            f"{key}: the images of a step alone take {4 * images * pixels / 1e9:.3g} GB, this machine has "
            f"{memory / 1e9:.3g} GB; make it smaller"
        )


def length_limit(key: str, what: str, steps: int) -> Iterator[str]:
    """A line if so many steps, one after the other, take years on any device. ``what`` says what they are."""
    if steps > YEARS * SECONDS_A_YEAR * STEPS_A_SECOND:
        years = steps / STEPS_A_SECOND / SECONDS_A_YEAR
        yield f"{key}: {what}, which take {years:.3g} years even at {STEPS_A_SECOND} a second; make it smaller"
