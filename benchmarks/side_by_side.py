"""Two ways of one task in turns, in processor time, so that other work on the machine disturbs both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    benchmark, task : str
    ours, other : float
        Milliseconds of processor time for one ``unit``, the median over the rounds.
    unit : str
        What is counted: a slice, a training step, a start.
    ratio : float
        Median over the rounds of ``other / ours``: how many times faster this library is.
    target : float, optional
        The ratio that is to be reached.
    """

    benchmark: str
    task: str
    ours: float
    other: float
    unit: str
    ratio: float
    target: float | None = None


def compare(
    benchmark: str,
    task: str,
    ours: Callable[[], Any],
    other: Callable[[], Any],
    *,
    unit: str,
    units: int = 1,
    rounds: int = 7,
    target: float | None = None,
) -> Row:
    """Let two ways take turns in this process. Each call does ``units`` units. A first call of both is not measured."""
    ours(), other()
    timed = (lambda call=call: _seconds(call) / units for call in (ours, other))
    return alternate(benchmark, task, *timed, unit=unit, rounds=rounds, target=target)


def alternate(
    benchmark: str,
    task: str,
    ours: Callable[[], float],
    other: Callable[[], float],
    *,
    unit: str,
    rounds: int,
    target: float | None = None,
) -> Row:
    """As `compare`, for calls that say themselves how many seconds of processor time they took for one unit."""
    times = [(ours(), other()) for _ in range(rounds)]
    mine, theirs = (1e3 * statistics.median(column) for column in zip(*times, strict=True))
    return Row(benchmark, task, mine, theirs, unit, statistics.median(b / a for a, b in times), target)


def _seconds(call: Callable[[], Any]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began
