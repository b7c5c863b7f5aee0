"""How a low-resolution scan came about, learned from scans: one file is one method.

A method with ``GIVES = "kernels"`` estimates one downsampling kernel a slice (`estimate`); one with ``GIVES =
"network"`` is a downsampling network for all slices, trained as the super-resolution networks are. Looking at the shelf
does not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mrisr import plugins
from mrisr.errors import InputError, suggestion

if TYPE_CHECKING:
    import numpy as np

    from mrisr.imaging.estimation import Estimation, Keeper, Report


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
    """Kernels of all slices, float32 [n, k, k], each of sum 1; see `estimate_report`, of which this is the result.

    Raises
    ------
    InputError
        As `estimate_report`; also for a slice without structure, or whose estimation failed at every attempt.
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
    progress: Callable[[int, int], Report] | None = None,
    keeper: Keeper | None = None,
    **options: Any,
) -> Estimation:
    """Estimate the kernel that leads from each high-resolution slice to the low-resolution one beside it.

    The kernel of a slice is a function of its two images, the seed, its id and the options: which other slices are
    given, in which order, does not matter. Threads and determinism of torch are the caller's, as
    `mrisr.training.execution` sets them.

    Parameters
    ----------
    name : str
        One of `available()` that gives kernels.
    hr_slices, lr_slices : sequence of ndarray
        Floating point [H, W] and [H/scale, W/scale] in [0, 1], one pair a slice; slices may differ in size.
    scale : int
        Factor between the grids.
    seed : int
        At least 0.
    slice_ids : sequence of str or int, optional
        Names of the slices, each once; by default the digest of a slice's content.
    progress : callable, optional
        Called once as ``progress(total, done)`` in iterations of single slices; its ``update(done, note)`` then follows
        the work (`mrisr.progress.Progress`).
    keeper : Keeper, optional
        Keeps states of unfinished work, to go on from.
    **options
        The method's own.

    Returns
    -------
    Estimation
        Kernels, and for each slice how its estimation went; a failed one has a kernel of NaN.

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
