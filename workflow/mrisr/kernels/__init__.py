"""Methods that learn the degradation from real scans: one file is one method.

A method with ``GIVES = "kernels"`` estimates one downsampling kernel per slice (`estimate`). A method with ``GIVES =
"network"`` is one downsampling network for all slices, trained like the super-resolution networks. Listing the methods
does not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mrisr import plugins
from mrisr.errors import InputError, suggestion

if TYPE_CHECKING:
    import numpy as np

    from mrisr.imaging.estimation import Estimation, Keeper
    from mrisr.meter import ProgressMeter


def available() -> list[str]:
    """Names of the methods, sorted."""
    return plugins.available("kernels")


def estimate(
    name: str,
    hr_slices: Sequence[np.ndarray],
    lr_slices: Sequence[np.ndarray],
    *,
    scale: int,
    seed: int,
    slice_ids: Sequence[str | int] | None = None,
    **options: Any,
) -> np.ndarray:
    """The kernels that `estimate_report` finds, float32 [n, k, k], each of sum 1.

    Raises
    ------
    InputError
        As `estimate_report`; also if a slice has no structure, or its estimation failed at every attempt.
    """
    report = estimate_report(name, hr_slices, lr_slices, scale=scale, seed=seed, slice_ids=slice_ids, **options)
    report.require_all()
    return report.kernels


def estimate_report(
    name: str,
    hr_slices: Sequence[np.ndarray],
    lr_slices: Sequence[np.ndarray],
    *,
    scale: int,
    seed: int,
    slice_ids: Sequence[str | int] | None = None,
    progress: Callable[[int, int], ProgressMeter] | None = None,
    keeper: Keeper | None = None,
    **options: Any,
) -> Estimation:
    """Estimate for each pair of slices the kernel that turns the high-resolution one into the low-resolution one.

    The kernel of a slice depends on its two images, the seed, its id and the options. It does not depend on the other
    slices or their order. The caller sets torch's threads and determinism (`mrisr.training.execution`).

    Parameters
    ----------
    name : str
        One of `available()` that gives kernels.
    hr_slices, lr_slices : sequence of ndarray
        Floating point [H, W] and [H/scale, W/scale] in [0, 1]. Slices may differ in size.
    scale : int
        Factor between the grids.
    seed : int
        At least 0.
    slice_ids : sequence of str or int, optional
        Names of the slices, all different; by default the digest of a slice's content.
    progress : callable, optional
        Called once as ``progress(total, done)``, counting iterations of single slices. It returns a progress meter,
        whose ``update(done, note)`` is called during the work (`mrisr.progress.Progress`).
    keeper : Keeper, optional
        Saves the state of unfinished work, so that a later call can continue.
    **options
        The method's own options.

    Returns
    -------
    Estimation
        Kernels, and how the estimation of each slice went. The kernel of a failed estimation is NaN.

    Raises
    ------
    InputError
        Unknown name or option, a scale that the method does not have, or images that do not fit.
    """
    plugins.require("kernels", name)
    if plugins.describe("kernels", name).constants.get("GIVES") != "kernels":
        givers = [n for n in available() if plugins.describe("kernels", n).constants.get("GIVES") == "kernels"]
        raise InputError(f"kernels: '{name}' does not estimate kernels ({suggestion(name, givers)})")
    method = plugins.build("kernels", name, scale=scale, **options)
    return method(hr_slices, lr_slices, seed=seed, slice_ids=slice_ids, progress=progress, keeper=keeper)
