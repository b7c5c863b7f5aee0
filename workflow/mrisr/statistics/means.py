"""The mean over slices, subjects and runs, taken in steps: the one that tables, tests, findings and figures share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

RUN = ["fold", "seed"]
"""What tells one training of a model from another; blank for a baseline."""


def stepwise_mean(values: pd.Series, *steps: Sequence[str]) -> pd.Series:
    """Mean by the index levels of the first step, of those means the mean by the levels of the second, and so on.

    So a subject with more slices, or a run with more subjects, does not count more. Undefined (NaN) if any value is,
    and where infinities of both signs meet.
    """
    for levels in steps:
        with np.errstate(invalid="ignore"):
            values = values.groupby(level=list(levels), dropna=False).mean(skipna=False)
    return values
