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
