"""Data consistency: the estimate degraded again, against the input, ||D(x^) - y|| / ||y||."""

from __future__ import annotations

import numpy as np


class Consistency:
    """Relative error of the estimate after it is degraded in the way of its test set; 0 if it explains the input.

    It needs no reference. What the error of an estimate and its consistency do not share lies in the null space of the
    degradation: it was invented. The test set's degradation is applied with the same random draws. It is undefined for
    a real scan, and for a degradation that was learned.
    """

    LABEL = "data consistency error"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)
    COMPARES = "inputs"
    """An evaluation gives it the input as the reference, and the degraded estimate as the estimate."""

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """Error of a degraded estimate against an input, float64 of equal shape; the data range has no influence."""
        norm = np.linalg.norm(reference)
        return np.linalg.norm(estimate - reference) / norm if norm > 0 else np.nan
