"""Pairs of slices, checked and scaled to the range of the GANs, [-1, 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mrisr.errors import InputError, require_integer
from mrisr.imaging.kernel import SCALE, SIZE
from mrisr.imaging.random import generator

from ._crops import crop_weights
from ._seeds import content_id, require_ids

HR_CROP = 64
LR_CROP = (HR_CROP - SIZE) // SCALE + 1
"""Sides of the crops in pixels. Downsampling a large crop by a kernel gives a small one."""


@dataclass(frozen=True)
class Slice:
    """A high-resolution slice and its low-resolution counterpart, float32 [H, W] in [-1, 1].

    ``seed``, ``slice_id`` and ``attempt`` determine its random numbers.
    """

    hr: np.ndarray
    lr: np.ndarray
    seed: int
    slice_id: str
    attempt: int = 0

    @property
    def structured(self) -> bool:
        """Whether both images hold a crop that is not constant."""
        return bool(crop_weights(self.hr, HR_CROP).any() and crop_weights(self.lr, LR_CROP).any())

    def random(self, purpose: int, block: int = 0) -> np.random.Generator:
        """The slice's random numbers for a purpose."""
        return generator(self.seed, self.slice_id, stream=(self.attempt, purpose, block))


def prepared(
    hr_slices: Sequence[np.ndarray],
    lr_slices: Sequence[np.ndarray],
    seed: int,
    slice_ids: Sequence[str | int] | None,
) -> list[Slice]:
    """Pairs of images in [0, 1] as slices, by default named by the digest of their content.

    Raises
    ------
    InputError
        The numbers of images or ids differ; or an image is not finite, too small, or of another ratio.
    """
    if len(hr_slices) != len(lr_slices):
        raise InputError(f"kernels: {len(hr_slices)} high-resolution slices, but {len(lr_slices)} low-resolution ones")
    require_integer("kernels: the seed", seed, at_least=0)
    hr_slices, lr_slices = [np.asarray(hr) for hr in hr_slices], [np.asarray(lr) for lr in lr_slices]
    if slice_ids is None:
        ids = [content_id(hr, lr) for hr, lr in zip(hr_slices, lr_slices, strict=True)]
    else:
        ids = require_ids(slice_ids, len(hr_slices))
    for slice_id, hr, lr in zip(ids, hr_slices, lr_slices, strict=True):
        _require_image(slice_id, "high", hr, HR_CROP)
        _require_image(slice_id, "low", lr, LR_CROP)
        if hr.shape != (SCALE * lr.shape[0], SCALE * lr.shape[1]):
            raise InputError(
                f"slice '{slice_id}': {hr.shape[0]} x {hr.shape[1]} is not {SCALE} times {lr.shape[0]} x "
                f"{lr.shape[1]}; resample the low-resolution scan to that ratio"
            )
    return [
        Slice(hr.astype(np.float32) * 2 - 1, lr.astype(np.float32) * 2 - 1, seed, slice_id)
        for slice_id, hr, lr in zip(ids, hr_slices, lr_slices, strict=True)
    ]


def _require_image(slice_id: str, resolution: str, image: np.ndarray, crop: int) -> None:
    if image.ndim != 2 or not np.issubdtype(image.dtype, np.floating):
        what, right = f"{image.dtype} of shape {image.shape}", "floating point [H, W] in [0, 1]"
    elif not np.isfinite(image).all():
        what, right = "not finite", "free of NaN and infinity"
    elif min(image.shape) < crop:
        what, right = f"{image.shape[0]} x {image.shape[1]}", f"at least {crop} x {crop}, one crop"
    else:
        return
    raise InputError(f"slice '{slice_id}': the {resolution}-resolution image is {what}; it has to be {right}")
