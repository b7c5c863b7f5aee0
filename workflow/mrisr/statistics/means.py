"""The mean over slices, then subjects, then runs. Tables, tests, findings and figures all use it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

RUN = ["fold", "seed"]
"""Columns that distinguish the trainings of one model; blank for a baseline."""


def stepwise_mean(values: pd.Series, *steps: Sequence[str]) -> pd.Series:
    """Mean by the index levels of the first step, then the mean of those means by the levels of the second, and so on.

    A subject with more slices, or a run with more subjects, does not count more. The mean is NaN if any value is, or if
    infinities of both signs are averaged.
    """
    for levels in steps:
        with np.errstate(invalid="ignore"):
            values = values.groupby(level=list(levels), dropna=False).mean(skipna=False)
    return values


def means_by(values: np.ndarray, *codes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Means of the values [n] that agree in all ``codes`` [n] of integers from 0 on, and the codes of each mean.

    The means are in the order of their codes. It does what one step of `stepwise_mean` does, for the thousands of
    comparisons of a study. The mean is NaN if any value is, or if infinities of both signs are averaged.
    """
    together = np.ravel_multi_index(codes, [code.max() + 1 for code in codes])
    _, first, group = np.unique(together, return_index=True, return_inverse=True)
    with np.errstate(invalid="ignore"):
        means = np.bincount(group, values) / np.bincount(group)
    return means, *(code[first] for code in codes)
