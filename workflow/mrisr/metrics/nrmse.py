"""NRMSE: root mean squared error over the root mean square of the reference, ||x^ - x|| / ||x||."""

from __future__ import annotations

import numpy as np


class NRMSE:
    """Norms over all pixels and channels; 0 for a perfect estimate, NaN where the reference is zero everywhere."""

    LABEL = "NRMSE"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """NRMSE of float64 images of equal shape; the data range has no influence."""
        norm = np.linalg.norm(reference)
        return np.linalg.norm(estimate - reference) / norm if norm > 0 else np.nan
