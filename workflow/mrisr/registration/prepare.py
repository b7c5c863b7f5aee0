"""Denoises, resizes if asked, and registers a real low-resolution scan, with the mask of its high-resolution scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mrisr.imaging.denoise import denoise as denoise_planes
from mrisr.imaging.grid import inside_mask
from mrisr.imaging.loaded import LoadedVolume

from .geometry import block_means, closest_axes
from .register import Registered, register
from .resize import resize as resize_planes


@dataclass(frozen=True)
class Prepared:
    """A registered scan, and the data for a picture to check it by.

    ``scan`` is the low-resolution scan as read. ``denoised`` is the scan after non-local means (the same object if it
    was not denoised). ``inside`` [X, Y, Z] is the high-resolution scan's mask on the low grid, None without a mask.
    ``axis`` and ``scan_axis`` are the stored axes of the high- and the low-resolution scan along which slices are cut.
    """

    registered: Registered
    scan: LoadedVolume
    denoised: LoadedVolume
    inside: np.ndarray | None
    axis: int
    scan_axis: int


def prepare(
    scan: LoadedVolume,
    sharp: LoadedVolume,
    mask: LoadedVolume | None = None,
    *,
    axis: int,
    scale: int,
    multiple: int,
    denoise: bool = True,
    resize: bool = False,
    **options: Any,
) -> Prepared:
    """Denoise a low-resolution scan on its own grid, where its noise is independent, and register it.

    Parameters
    ----------
    scan, sharp : LoadedVolume
        The low- and the high-resolution scan, one channel.
    mask : LoadedVolume, optional
        Mask on the grid of the high-resolution scan.
    axis, scale, multiple, **options
        As in `mrisr.registration.register.register`.
    denoise : bool
        Whether to denoise by non-local means.
    resize : bool
        Whether to resize the scan's slices to the voxels of the low grid before registration, see
        `mrisr.registration.resize`. By default the scan is interpolated once, after registration.
    """
    scan_axis, cleaned = closest_axes(sharp, scan)[axis], scan
    if denoise and scan.array.ndim == 3:
        planes = denoise_planes(np.moveaxis(scan.array, scan_axis, 0))
        cleaned = replace(scan, array=np.moveaxis(planes, 0, scan_axis))
    moving = resize_planes(cleaned, sharp, axis=axis, scale=scale) if resize and scan.array.ndim == 3 else cleaned
    registered = register(moving, sharp, axis=axis, scale=scale, multiple=multiple, **options)
    inside = None
    if mask is not None:
        weights = replace(sharp, array=inside_mask(mask, sharp).astype(np.float32))
        # A voxel is inside if at least half of its block is.
        inside = block_means(weights, axis=axis, scale=scale, multiple=multiple).array >= 0.5
    return Prepared(registered, scan, cleaned, inside, axis, scan_axis)
