"""Estimators that find the kernel of a slice at once, without random numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from mrisr.imaging.estimation import Estimation, Keeper
from mrisr.imaging.kernel import SIZE, normalised
from mrisr.meter import ProgressMeter

from ._faults import fault
from ._slices import Slice, prepared


class BySlice(ABC):
    """An estimator whose method ``find`` gives the kernel of one slice."""

    @abstractmethod
    def find(self, sharp: np.ndarray, low: np.ndarray) -> np.ndarray:
        """A kernel [13, 13], of any sum above 0, for a pair of images [H, W] in [-1, 1] that both have structure."""

    def __call__(
        self,
        hr_slices: Sequence[np.ndarray],
        lr_slices: Sequence[np.ndarray],
        *,
        seed: int,
        slice_ids: Sequence[str | int] | None = None,
        progress: Callable[[int, int], ProgressMeter] | None = None,
        keeper: Keeper | None = None,
    ) -> Estimation:
        """Estimate a kernel for each pair of slices, and judge it; arguments as in `mrisr.kernels.estimate_report`."""
        return _estimation(self.find, prepared(hr_slices, lr_slices, seed, slice_ids))


def _estimation(find: Callable[[np.ndarray, np.ndarray], np.ndarray], slices: Sequence[Slice]) -> Estimation:
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
