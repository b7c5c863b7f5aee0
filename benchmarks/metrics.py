"""The four metrics of the training-bias paper on a slice of 252 x 252, beside scikit-image and SciPy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from mrisr import metrics
from mrisr.memory import keep_freed_memory
from mrisr.metrics.hfen import laplacian_of_gaussian
from scipy import ndimage
from skimage.metrics import normalized_root_mse, peak_signal_noise_ratio, structural_similarity

from benchmarks.side_by_side import Row, compare

CALLS = 10


def rows() -> Iterator[Row]:
    """One row a metric, and one for the four together."""
    keep_freed_memory()  # as a job does before it scores
    random = np.random.default_rng(0)
    reference = ndimage.gaussian_filter(random.random((252, 252), np.float32), 2)
    estimate = (reference + random.normal(0, 0.01, reference.shape)).astype(np.float32)
    images = reference, estimate
    for name, obvious in OBVIOUS.items():
        found, expected = metrics.compute(name, *images), obvious(*images)
        assert abs(found - expected) < 1e-6 * abs(expected), (name, found, expected)
        yield compare(
            "metrics",
            name,
            lambda name=name: [metrics.compute(name, *images) for _ in range(CALLS)],
            lambda obvious=obvious: [obvious(*images) for _ in range(CALLS)],
            unit="slice",
            units=CALLS,
        )
    yield compare(
        "metrics",
        "all four",
        lambda: [metrics.compute(name, *images) for name in OBVIOUS],
        lambda: [obvious(*images) for obvious in OBVIOUS.values()],
        unit="slice",
        target=3.0,
    )


def _hfen(reference: np.ndarray, estimate: np.ndarray) -> float:
    kernel, (x, y) = laplacian_of_gaussian(15, 1.5), (image.astype(np.float64) for image in (reference, estimate))
    return np.linalg.norm(ndimage.convolve(y - x, kernel)) / np.linalg.norm(ndimage.convolve(x, kernel))


def _ssim(reference: np.ndarray, estimate: np.ndarray) -> float:
    x, y = (image.astype(np.float64) for image in (reference, estimate))
    return structural_similarity(x, y, gaussian_weights=True, use_sample_covariance=False, data_range=1.0)


OBVIOUS = {
    "psnr": lambda x, y: peak_signal_noise_ratio(x, y, data_range=1.0),
    "ssim": _ssim,
    "nrmse": normalized_root_mse,
    "hfen": _hfen,
}
