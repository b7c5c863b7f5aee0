"""Estimates all slices of a scan and writes them as a NIfTI volume that lies over the scan."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mrisr import files
from mrisr.errors import InputError
from mrisr.imaging.grid import resolve_axis
from mrisr.imaging.intensity import Bounds, bounds, scaled, slice_bounds
from mrisr.imaging.loaded import LoadedVolume
from mrisr.imaging.resampling import resample
from mrisr.meter import ProgressMeter

from .tiles import tiled

SUFFIXES = (".nii", ".nii.gz")


@dataclass(frozen=True)
class Scan:
    """A scan that is to be upscaled.

    Attributes
    ----------
    volume : LoadedVolume
    axis : int
        Stored axis along which it is cut.
    normalise : mapping
        As in `mrisr.imaging.intensity.bounds`, with ``per``.
    """

    volume: LoadedVolume
    axis: int
    normalise: Mapping[str, Any]

    @classmethod
    def of(cls, volume: LoadedVolume, axis: str | int, normalise: Mapping[str, Any]) -> Scan:
        """A scan whose axis is named or numbered."""
        return cls(volume, resolve_axis(axis, volume.affine)[0], normalise)

    @property
    def count(self) -> int:
        """Number of slices."""
        return self.volume.array.shape[self.axis]

    @property
    def channels(self) -> int:
        """1, or 3 for a colour volume."""
        return 1 if self.volume.array.ndim == 3 else self.volume.array.shape[3]

    def stored(self, index: int) -> np.ndarray:
        """A slice in the scan's units, [H, W] or [H, W, C]."""
        return self.volume.array[(slice(None),) * self.axis + (index,)]

    def limits(self) -> list[Bounds | None]:
        """The values that become 0 and 1 in each slice. None for a constant slice that is normalised by itself."""
        if self.normalise["per"] == "slice" and self.normalise["method"] != "none":
            return [slice_bounds(self.stored(index), None, **self.normalise) for index in range(self.count)]
        try:
            return [bounds(self.volume.array, None, **self.normalise)] * self.count
        except InputError as error:
            raise InputError(*(f"{self.volume.files[0]}: {problem}" for problem in error.problems)) from error

    def normalised(self, index: int, limits: Bounds) -> np.ndarray:
        """A slice as the model saw slices in training: float32 [C, H, W] in [0, 1]."""
        image = scaled(self.stored(index), None, limits)
        return np.ascontiguousarray(image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0), np.float32)


def enlarged_affine(affine: np.ndarray, axis: int, factor: int) -> np.ndarray:
    """Affine of a grid whose in-plane voxels are ``factor`` times smaller and fill the same space."""
    enlarged = affine.astype(np.float64)
    plane = [n for n in range(3) if n != axis]
    enlarged[:3, plane] /= factor
    enlarged[:3, 3] -= (factor - 1) / 2 * enlarged[:3, plane].sum(axis=1)
    return enlarged


def upscale(
    scan: Scan,
    estimate: Callable[[np.ndarray], np.ndarray],
    out: Path,
    *,
    scale: int,
    enlarge: int = 1,
    progress: Callable[[int, int], ProgressMeter] | None = None,
) -> None:
    """Estimate every slice of a scan, and write the volume in the scan's units.

    A value outside the two that become 0 and 1 is clipped, as in training.

    Parameters
    ----------
    estimate : callable
        A model or a baseline: [C, h, w] in [0, 1] -> [C, scale * h, scale * w] in [0, 1].
    out : path
        A file that ends in .nii or .nii.gz. It appears by rename.
    scale : int
        Factor of ``estimate``.
    enlarge : int
        Factor by which a slice is enlarged first, by cubic interpolation.
    progress : callable, optional
        Called once as ``progress(total, done)``.

    Raises
    ------
    InputError
        The name of the output has another ending.
    """
    import nibabel

    require_nifti(out)
    factor, shape = scale * enlarge, list(scan.volume.array.shape)
    for axis in {0, 1, 2} - {scan.axis}:
        shape[axis] *= factor
    meter = progress(scan.count, 0) if progress else None
    with files.temporary_folder(out.parent, f".{out.name}.") as folder:
        # On disk, because an enlarged volume may be larger than the memory.
        volume = np.memmap(folder / "voxels", np.float32, "w+", shape=tuple(shape), order="F")
        for index, limits in enumerate(scan.limits()):
            volume[(slice(None),) * scan.axis + (index,)] = _slice(scan, index, limits, estimate, scale, enlarge)
            if meter:
                meter.update(index + 1)
        image = nibabel.Nifti1Image(volume, enlarged_affine(scan.volume.affine, scan.axis, factor))
        image.header.set_xyzt_units("mm")
        written = folder / out.name
        nibabel.save(image, written)
        os.replace(written, out)


def require_nifti(out: Path) -> None:
    """Raise `InputError` unless a file's name ends as that of a NIfTI volume, and its folder is there."""
    if not out.name.endswith(SUFFIXES):
        raise InputError(f"{out}: the output is a NIfTI volume; let its name end in .nii or .nii.gz")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: is no folder; make it first")


def _slice(scan: Scan, index: int, limits: Bounds | None, estimate: Callable, scale: int, enlarge: int) -> np.ndarray:
    """The estimate of a slice in the scan's units, [H, W] or [H, W, C]. A constant slice stays constant."""
    stored = scan.stored(index)
    if limits is None or stored.min() == stored.max():
        return stored.repeat(scale * enlarge, 0).repeat(scale * enlarge, 1)
    image = scan.normalised(index, limits)
    if enlarge > 1:
        image = resample(image, (image.shape[1] * enlarge, image.shape[2] * enlarge)).clip(0, 1)
    low, high = limits
    estimated = low + np.clip(tiled(estimate, image, scale), 0, 1) * (high - low)
    return estimated[0] if stored.ndim == 2 else np.moveaxis(estimated, 0, -1)
