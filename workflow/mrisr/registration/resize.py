"""Resizes a low-resolution scan to the voxels of the low grid, by bicubic interpolation of its slices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mrisr.imaging.loaded import LoadedVolume
from mrisr.imaging.resampling import resample

from .geometry import closest_axes, require_ratio


def resize(scan: LoadedVolume, sharp: LoadedVolume, *, axis: int, scale: int) -> LoadedVolume:
    """The scan with voxels of about ``scale`` times the in-plane spacing of the high-resolution scan.

    Slices keep their extent and get the nearest whole number of voxels, so the spacing is not met exactly. Keys' cubic
    (a = -0.5) is used, anti-aliased where a side gets shorter. Values stay within those of the scan. Nothing is
    interpolated across the slices.

    Parameters
    ----------
    scan, sharp : LoadedVolume
        The low- and the high-resolution scan, one channel.
    axis : int
        Stored axis of ``sharp`` along which slices are cut.
    scale : int

    Raises
    ------
    InputError
        The ratio of the voxels is not near the scale.
    """
    require_ratio(scan, sharp, axis=axis, scale=scale)
    own = closest_axes(sharp, scan)
    plane = [own[n] for n in range(3) if n != axis]
    wanted = [scale * sharp.spacing[n] for n in range(3) if n != axis]
    before = np.array([scan.array.shape[n] for n in plane])
    after = np.maximum(1, np.rint(before * scan.spacing[plane] / wanted)).astype(int)
    planes = np.moveaxis(scan.array, plane, (-2, -1)).astype(np.float64)
    resized = resample(planes, tuple(after.tolist())).clip(scan.array.min(), scan.array.max())
    affine = scan.affine.copy()
    for stored, factor in zip(plane, before / after, strict=True):
        affine[:3, 3] += (factor - 1) / 2 * scan.affine[:3, stored]
        affine[:3, stored] *= factor
    return replace(scan, array=np.moveaxis(resized, (-2, -1), plane).astype(scan.array.dtype), affine=affine)
