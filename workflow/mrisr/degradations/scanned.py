"""The subject's real low-resolution scan, registered to its high-resolution scan (realistic-downsampling)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from mrisr.arrays import load_slices, slice_name
from mrisr.errors import InputError, require_integer
from mrisr.imaging.planes import as_planes, require_whole_blocks


class Scanned:
    """Returns the slices of the scan that the manifest's column ``lr_path`` names. Nothing is simulated.

    The stage ``register`` makes these slices with the options below (`mrisr.registration.stage.register_stage`).

    Parameters
    ----------
    denoise : bool
        Denoise the scan's slices by non-local means before the scan is interpolated.
    resize : bool
        Resize the denoised slices before registration, as the realistic-downsampling paper does: by bicubic
        interpolation, to ``scale`` times the in-plane spacing of the high-resolution scan. By default the scan is
        interpolated once only, after registration.
    control_spacing : float
        Distance of the control points of the deformation, mm.
    iterations : int
        Maximum number of iterations of the registration at each of its two levels.
    least_similarity : float
        Lowest allowed similarity to the high-resolution scan inside the body after registration, from 0 to 1: the mean
        absolute correlation in small windows, whatever the contrast. Below it, the scans are taken for different
        anatomy, which is an error.
    file : str, optional
        File of the registered slices. The workflow sets it.
    """

    LEARNED = True
    IS_GIVEN = True
    NEEDS = {"file": "register"}

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        denoise: bool = True,
        resize: bool = False,
        control_spacing: float = 20.0,
        iterations: int = 20,
        least_similarity: float = 0.7,
        file: str | None = None,
    ):
        if grid != "low":
            raise InputError("scanned: a scan lives on the low grid; set protocol.grid to low")
        if not (math.isfinite(control_spacing) and control_spacing > 0):
            raise InputError(f"scanned: control_spacing must be a number of mm above 0, not {control_spacing!r}")
        require_integer("scanned: iterations", iterations, at_least=1)
        if not 0 <= least_similarity <= 1:
            raise InputError(f"scanned: least_similarity must be from 0 to 1, not {least_similarity!r}")
        self.scale, self.file = scale, file
        slices, metadata = ({}, {}) if file is None else load_slices(file)
        self.slices = {slice_name(metadata["subject"], index): image for index, image in slices.items()}

    def __call__(self, images: np.ndarray, *, slice_ids: Sequence[str | int] | None = None) -> np.ndarray:
        """The scan's slices in place of images [H, W], [C, H, W] or [N, C, H, W]; float32 of the same rank, in [0, 1].

        ``slice_ids`` names the N images (one for the lower ranks). It is required, because a name selects the slice.
        """
        as_planes(images)
        require_whole_blocks(images, self.scale)
        if self.file is None or slice_ids is None:
            raise InputError("scanned: needs the registered slices (its option file) and the names of the images")
        stack = images.reshape(-1, *(images.shape[-3:] if images.ndim > 2 else (1, *images.shape)))
        found = np.stack([self._slice(image, str(name)) for image, name in zip(stack, slice_ids, strict=True)])
        return found.reshape(*images.shape[:-2], *found.shape[-2:])

    def _slice(self, image: np.ndarray, name: str) -> np.ndarray:
        if name not in self.slices:
            raise InputError(f"{self.file}: has no slice '{name}'; delete it and run again")
        scan, wanted = self.slices[name], (*image.shape[:-2], *(side // self.scale for side in image.shape[-2:]))
        if scan.shape != wanted:
            sizes = " and ".join(" x ".join(map(str, shape)) for shape in (scan.shape, wanted))
            raise InputError(f"{self.file}: its slice '{name}' has another size ({sizes}); delete it and run again")
        return scan
