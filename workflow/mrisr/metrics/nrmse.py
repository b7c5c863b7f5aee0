"""NRMSE: root mean squared error over the root mean square of the reference, ||x^ - x|| / ||x||."""

from __future__ import annotations

import numpy as np

from ._image import values_inside


class NRMSE:
    """Norms over all pixels and channels; 0 for a perfect estimate, NaN where the reference is zero everywhere.

    Parameters
    ----------
    masked : bool
        Compare inside the volume's mask only. Without a mask, the whole slice is inside.
    """

    LABEL = "NRMSE"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)

    def __init__(self, *, masked: bool = False):
        self.masked = masked

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0, mask=None) -> float:
        """NRMSE of float64 images of equal shape, or of their pixels in ``mask``; the data range has no influence."""
        norm = np.linalg.norm(values_inside(reference, mask))
        return np.linalg.norm(values_inside(estimate - reference, mask)) / norm if norm > 0 else np.nan
