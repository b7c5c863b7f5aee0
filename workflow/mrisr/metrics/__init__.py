"""Metrics: how far an estimate is from its reference. One file is one metric.

A metric is a class with the constants ``LABEL`` (for axes and tables), ``HIGHER_IS_BETTER`` and ``RANGE`` (lowest and
highest value, None where there is no bound), called as ``metric(reference, estimate, data_range=...)`` with float64
arrays of equal shape. A metric with the option ``masked`` also takes ``mask``. A metric that uses the estimate alone
declares ``NEEDS_REFERENCE = False``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mrisr import plugins
from mrisr.errors import InputError


def available() -> list[str]:
    """Names of the metrics, sorted."""
    return plugins.available("metrics")


def compute(
    name: str,
    reference: np.ndarray,
    estimate: np.ndarray,
    *,
    data_range: float = 1.0,
    mask: np.ndarray | None = None,
    **options: Any,
) -> float:
    """Compare an estimate with its reference.

    Parameters
    ----------
    name : str
        One of `available()`.
    reference, estimate : ndarray
        [H, W] or [C, H, W] of equal shape. They are converted to float64, and not clipped or rescaled.
    data_range : float
        Largest value that an image can have (not the largest it has): 1 for slices.
    mask : ndarray, optional
        [H, W], true where a metric with the option ``masked`` compares; by default everywhere.
    **options
        The metric's own options.

    Returns
    -------
    float
        Infinite or NaN where the metric has no finite value, and NaN for an estimate with NaN. No warning is given.

    Raises
    ------
    InputError
        Unknown name or option, shapes that differ, another rank, a data range that is not positive, or a mask of
        another size.
    """
    metric = plugins.build("metrics", name, **options)
    reference, estimate = np.asarray(reference, np.float64), np.asarray(estimate, np.float64)
    if reference.shape != estimate.shape:
        raise InputError(
            f"{name}: the reference is {reference.shape}, the estimate {estimate.shape}; they must be equal"
        )
    if reference.ndim not in (2, 3) or reference.size == 0:
        raise InputError(f"{name}: images must be [H, W] or [C, H, W] and not empty, not of shape {reference.shape}")
    if not 0 < data_range < np.inf:
        raise InputError(f"{name}: the data range must be positive and finite, not {data_range!r}")
    # Only a metric with the option `masked` looks at the mask.
    given = {"mask": _as_mask(name, mask, reference)} if getattr(metric, "masked", False) else {}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return float(metric(reference, estimate, data_range=data_range, **given))


def _as_mask(name: str, mask: np.ndarray | None, image: np.ndarray) -> np.ndarray | None:
    if mask is None:
        return None
    if np.shape(mask) != image.shape[-2:]:
        raise InputError(f"{name}: the mask is {np.shape(mask)}, the images {image.shape[-2:]}; they must be equal")
    return np.asarray(mask, bool)
