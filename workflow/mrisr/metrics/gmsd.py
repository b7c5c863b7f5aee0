"""GMSD: gradient magnitude similarity deviation (Xue et al., IEEE TIP 23:684, 2014)."""

from __future__ import annotations

import numpy as np

from mrisr.quality.proxy import gmsd


class GMSD:
    """Standard deviation, over the image, of the similarity of the gradient magnitudes; 0 for a perfect estimate.

    Images are first halved. Gradients are Prewitt's. Channels are compared one by one and averaged.
    """

    LABEL = "GMSD"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """GMSD of float64 images of equal shape."""
        pair = (image.reshape(-1, *image.shape[-2:]) / data_range for image in (reference, estimate))
        return np.mean([gmsd(*channels) for channels in zip(*pair, strict=True)])
