"""Estimated kernels as a degradation: one for each slice, or one for a volume (realistic-downsampling)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from mrisr.arrays import load
from mrisr.errors import InputError
from mrisr.imaging.kernel import apply, normalised
from mrisr.imaging.planes import as_planes


class Estimated:
    """Downsamples with the kernels that a method of the study's section ``kernels`` has estimated.

    A slice whose kernel could not be estimated gets the mean of its subject's kernels. A method that gives a network
    instead of kernels (DSN) is applied by the workflow in the same way.

    Parameters
    ----------
    by : str, optional
        Name of the method in the section ``kernels``. By default it is the degradation's own name.
    shared : bool
        True: one kernel for the whole volume, the mean of its slices' kernels.
    file : str, optional
        File of the kernels. The workflow sets it.
    """

    LEARNED = True
    NEEDS = {"file": "kernels"}

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        by: str | None = None,
        shared: bool = False,
        file: str | None = None,
    ):
        if grid != "low":
            raise InputError("estimated: what is learned leads to the low grid; set protocol.grid to low")
        if file is None:
            raise InputError("estimated: its option file, the estimated kernels, is missing")
        self.shared, self.file = shared, file
        tensors, metadata = load(file)
        if "kernels" not in tensors:
            raise InputError(f"{file}: holds no kernels; it has to be what 'mrisr kernels' writes")
        names, kernels = metadata["slice_ids"], tensors["kernels"]
        if kernels.ndim != 3 or not np.issubdtype(kernels.dtype, np.floating) or len(kernels) != len(names):
            raise InputError(f"{file}: its kernels are not one for each slice; delete it and run again")
        self.kernels = dict(zip(names, kernels, strict=True))
        found = [kernel for kernel in self.kernels.values() if np.isfinite(kernel).all()]
        if not found:
            raise InputError(f"{file}: no slice has a kernel; see the table beside it for what went wrong")
        self.mean = normalised(np.mean(found, axis=0))

    def __call__(self, images: np.ndarray, *, slice_ids: Sequence[str | int] | None = None) -> np.ndarray:
        """Degrade images [H, W], [C, H, W] or [N, C, H, W]; float32 of the same rank, not clipped.

        ``slice_ids`` names the N images (one for the lower ranks); without names they get the mean kernel.
        """
        as_planes(images)
        if self.shared or slice_ids is None:
            return apply(images, self.mean)
        stack = images if np.ndim(images) == 4 else images[None]
        degraded = np.stack([apply(image, self._kernel(name)) for image, name in zip(stack, slice_ids, strict=True)])
        return degraded if np.ndim(images) == 4 else degraded[0]

    def _kernel(self, name: str | int) -> np.ndarray:
        if str(name) not in self.kernels:
            raise InputError(f"{self.file}: has no kernel of the slice '{name}'; delete it and run again")
        kernel = self.kernels[str(name)]
        return kernel if np.isfinite(kernel).all() else self.mean
