"""The estimation of methods that find a slice's kernel at once, without random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mrisr.imaging.estimation import Estimation
from mrisr.imaging.kernel import SIZE, normalised

from ._faults import fault
from ._slices import prepared


def estimation(
    find: Callable[[np.ndarray, np.ndarray], np.ndarray],
    hr_slices: Sequence[np.ndarray],
    lr_slices: Sequence[np.ndarray],
    *,
    seed: int,
    slice_ids: Sequence[str | int] | None,
) -> Estimation:
    """Call ``find(sharp, low)`` for each pair that has structure, images in [-1, 1], and judge its kernel.

    Raises
    ------
    InputError
        As `mrisr.kernels.estimate_report`.
    """
    slices = prepared(hr_slices, lr_slices, seed, slice_ids)
    kernels = np.full((len(slices), SIZE, SIZE), np.nan, np.float32)
    failures: list[list[str]] = [[] for _ in slices]
    for index, one in enumerate(slices):
        if not one.structured:
            continue
        kernel = find(one.hr, one.lr)
        total = kernel.sum()
        kernel = kernel / total if total > 0 else np.full_like(kernel, np.nan)
        if (problem := fault(kernel)) is None:
            kernels[index] = normalised(kernel)
        else:
            failures[index].append(problem)
    status = [
        "no structure" if not one.structured else "diverged" if problems else "estimated"
        for one, problems in zip(slices, failures, strict=True)
    ]
    return Estimation([one.slice_id for one in slices], kernels, status, failures, losses={})
