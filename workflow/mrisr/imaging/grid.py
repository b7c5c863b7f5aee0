"""Axes, crops and masks on a volume's grid."""

from __future__ import annotations

import numpy as np

from mrisr.errors import InputError

from .loaded import LoadedVolume

WORLD = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The world axis (RAS+) closest to each named axis."""


def resolve_axis(axis: str | int, affine: np.ndarray) -> tuple[int, bool]:
    """The stored axis (0, 1, 2) that ``axis`` means, and whether it is stored in reverse.

    Named axes run from inferior to superior, posterior to anterior, left to right (RAS+). A numbered axis is never
    reversed.
    """
    from nibabel.orientations import io_orientation

    if str(axis) in ("0", "1", "2"):
        return int(axis), False
    for stored, (world, flip) in enumerate(io_orientation(affine)):
        if world == WORLD[axis]:
            return stored, bool(flip < 0)
    raise InputError(f"its affine does not tell which axis is {axis}; set axis to 0, 1 or 2")


def crop_plane(
    shape: tuple[int, ...], axis: int, affine: np.ndarray, *, multiple: int, minimum: int
) -> tuple[tuple[slice, ...], np.ndarray]:
    """The largest central part of a slice whose sides are multiples of ``multiple``, and the affine of that part."""
    parts, moved = [], affine.copy()
    plane = [n for n in (0, 1, 2) if n != axis]
    for plane_axis in plane:
        length = shape[plane_axis] // multiple * multiple
        if length < minimum:
            raise InputError(
                f"its slices along axis {axis} are {shape[plane[0]]} x {shape[plane[1]]} pixels, too small: "
                f"{minimum} have to remain of a side when cropped to a multiple of {multiple}; choose another axis, or "
                "lower slices.minimum"
            )
        first = (shape[plane_axis] - length) // 2
        parts.append(slice(first, first + length))
        moved[:3, 3] += first * affine[:3, plane_axis]
    return tuple(parts), moved


def inside_mask(mask: LoadedVolume, volume: LoadedVolume) -> np.ndarray:
    """Where a mask is above 0, bool [X, Y, Z]. `InputError` unless the mask is on the volume's grid and not empty."""
    shape = volume.array.shape[:3]
    if mask.array.shape != shape:
        sizes = " and ".join(" x ".join(map(str, array)) for array in (mask.array.shape, shape))
        raise InputError(f"its mask has another size ({sizes}); resample the mask to the volume's grid")
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape], [1])).reshape(4, -1)
    if np.abs((mask.affine - volume.affine) @ corners).max() > volume.spacing.min() / 2:
        raise InputError("its mask lies elsewhere (another affine); resample the mask to the volume's grid")
    inside = mask.array > 0
    if not inside.any():
        raise InputError("its mask is empty; voxels of the brain are those above 0")
    return inside
