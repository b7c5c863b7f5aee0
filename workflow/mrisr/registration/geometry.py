"""Grids of a scan pair: conversion to ITK images, and the low grid on which both scans are compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from mrisr.errors import InputError
from mrisr.imaging.grid import crop_plane
from mrisr.imaging.loaded import LoadedVolume

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
DEVIATION = 0.25
"""Largest relative difference of a scan's voxel size from that of the low grid. The paper has 2.7 instead of 2.5 mm."""


def block_means(volume: LoadedVolume, *, axis: int, scale: int, multiple: int | None = None) -> LoadedVolume:
    """A scan on the low grid: means of scale x scale pixels of every slice. Voxels are centred on their blocks.

    Parameters
    ----------
    volume : LoadedVolume
        One channel.
    axis : int
        Stored axis along which slices are cut.
    scale : int
        Side of a block in pixels.
    multiple : int, optional
        Slices are cropped centrally so that their sides are multiples of it, as in the stage ``slice``. By default the
        scale.
    """
    parts, affine = crop_plane(volume.array.shape, axis, volume.affine, multiple=multiple or scale, minimum=scale)
    plane = [n for n in range(3) if n != axis]
    array = volume.array
    for place, part in zip(plane, parts, strict=True):
        blocks = np.moveaxis(array, place, -1)[..., part]
        array = np.moveaxis(blocks.reshape(*blocks.shape[:-1], -1, scale).mean(axis=-1), -1, place)
        affine[:3, 3] += (scale - 1) / 2 * affine[:3, place]
        affine[:3, place] *= scale
    return replace(volume, array=array, affine=affine)


def require_ratio(lr: LoadedVolume, hr: LoadedVolume, *, axis: int, scale: int) -> None:
    """Raise `InputError` unless low-resolution voxels are about ``scale`` times as large in plane, and equal across."""
    for hr_axis, lr_axis in enumerate(closest_axes(hr, lr)):
        wanted = 1 if hr_axis == axis else scale
        ratio = lr.spacing[lr_axis] / hr.spacing[hr_axis]
        if abs(ratio / wanted - 1) > DEVIATION:
            where = "across the slices" if hr_axis == axis else "in plane"
            lowest, highest = wanted * (1 - DEVIATION), wanted * (1 + DEVIATION)
            raise InputError(
                f"the low-resolution scan's voxels are {ratio:.2f} times the high-resolution scan's {where}; at scale "
                f"{scale} that has to be about {wanted} ({lowest:.2f} to {highest:.2f})"
            )


def closest_axes(scan: LoadedVolume, other: LoadedVolume) -> list[int]:
    """For each stored axis of a scan, the closest stored axis of the other scan, in either direction."""
    directions, others = (volume.affine[:3, :3] / volume.spacing for volume in (scan, other))
    return np.abs(directions.T @ others).argmax(axis=1).tolist()


def itk_image(volume: LoadedVolume) -> sitk.Image:
    """The volume as an ITK image in LPS+ millimetres."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.array.T.astype(np.float32)))
    affine = LPS_TO_RAS @ volume.affine
    image.SetSpacing(volume.spacing.tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetDirection((affine[:3, :3] / volume.spacing).ravel().tolist())
    return image


def array_of(image: sitk.Image) -> np.ndarray:
    """Values of an ITK image, [X, Y, Z] or [X, Y, Z, components]."""
    array = sitk.GetArrayFromImage(image)
    return array.T if image.GetNumberOfComponentsPerPixel() == 1 else array.transpose(2, 1, 0, 3)
