"""Learning-rate schedules as functions of the position alone, so that a resumed training continues them exactly."""

from __future__ import annotations

import math

from mrisr.errors import InputError, suggestion

COSINE_END = 1e-6
PAPER_DROPS = (30, 50)
PAPER_FACTOR = 0.05
HALVING = {"rrlsrn": 50, "fmen": 200}
"""Epochs between two halvings, of the schedules that bear a method's name."""
SCHEDULES = ("constant", "cosine", "paper", "halving", *HALVING)


def learning_rate(
    schedule: str, *, base: float, epoch: int, epochs: int, step: int, steps: int, halve_every: int | None = None
) -> float:
    """Learning rate of one step.

    Parameters
    ----------
    schedule : {"constant", "cosine", "paper", "halving", "rrlsrn", "fmen"}
        ``cosine`` falls every step from ``base`` toward 1e-6 (Loshchilov and Hutter, ICLR 2017, without restarts);
        ``paper`` multiplies by 0.05 at epochs 30 and 50 (Shrestha et al. 2023, read literally: 2.5e-7 of 1e-4 remain).
        ``halving`` halves every ``halve_every`` epochs, ``rrlsrn`` every 50 epochs (the robust-residual paper),
        ``fmen`` every 200 epochs (a choice: the efficient-sr paper does not say).
    base : float
        Rate at the start.
    epoch, step : int
        Position, both counted from 0.
    epochs, steps : int
        Epochs of the training, steps of an epoch.
    halve_every : int, optional
        Epochs between two halvings; for ``halving`` alone.

    Raises
    ------
    InputError
        Unknown schedule.
    """
    if schedule == "constant":
        return base
    if schedule == "cosine":
        end = min(COSINE_END, base)
        progress = (epoch * steps + step) / (epochs * steps)
        return end + (base - end) * (1 + math.cos(math.pi * progress)) / 2
    if schedule == "paper":
        return base * PAPER_FACTOR ** sum(epoch >= drop for drop in PAPER_DROPS)
    if schedule in HALVING or (schedule == "halving" and halve_every):
        return base * 0.5 ** (epoch // HALVING.get(schedule, halve_every))
    if schedule == "halving":
        raise InputError("training.halve_every: is missing; the schedule 'halving' needs it")
    raise InputError(f"training.schedule: '{schedule}' is not known ({suggestion(schedule, SCHEDULES)})")
