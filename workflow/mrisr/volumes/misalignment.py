"""How far a low-resolution scan lies from its high-resolution scan, by their headers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from mrisr.errors import InputError
from mrisr.imaging.alignment import Displacement, displacement
from mrisr.imaging.loaded import LoadedVolume

MOST_SLICES = 8
"""Slices that are compared, evenly spaced."""
LEAST_AGREEMENT = 0.5
"""Least agreement of the phases. Below it the two scans have too little in common."""
LEAST_COVERED = 0.5
"""Least part of a slice that the low-resolution scan has to cover."""


def misalignment(scan: LoadedVolume, sharp: LoadedVolume, *, axis: int, indices: Sequence[int]) -> Displacement | None:
    """In-plane displacement of a low-resolution scan from the high-resolution scan; None if it cannot be told.

    The scan is interpolated at the centres of the high-resolution scan's blocks, where the headers place them. The
    blocks have the ratio of the voxel sizes, rounded.

    If both have the same affine and other sizes, as pictures have, the headers say nothing. Then voxels of the
    low-resolution scan count as blocks of the high-resolution scan, as far as the sizes are whole multiples.

    Parameters
    ----------
    scan, sharp : LoadedVolume
        The low- and the high-resolution scan.
    axis : int
        Stored axis of ``sharp`` along which slices are cut.
    indices : sequence of int
        Its slices that are used.
    """
    affine = _affine(scan, sharp, axis)
    steps = _steps(affine, sharp, axis)
    chosen = [indices[place] for place in np.unique(np.linspace(0, len(indices) - 1, MOST_SLICES).round().astype(int))]
    pairs = [_pair(scan, affine, sharp, axis, index, steps) for index in chosen]
    try:
        found = displacement(pair for pair in pairs if pair is not None)
    except InputError:
        return None
    return found if found.agreement >= LEAST_AGREEMENT else None


def _affine(scan: LoadedVolume, sharp: LoadedVolume, axis: int) -> np.ndarray:
    """Affine of the low-resolution scan, or that of whole blocks if both headers say the same of other sizes."""
    sizes = np.array(sharp.array.shape[:3]), np.array(scan.array.shape[:3])
    if (sizes[0] == sizes[1]).all() or not np.array_equal(scan.affine, sharp.affine) or (sizes[0] % sizes[1]).any():
        return scan.affine
    blocks = np.eye(4)
    blocks[:3, :3] = np.diag(sizes[0] / sizes[1])
    blocks[:3, 3] = (sizes[0] / sizes[1] - 1) / 2
    return sharp.affine @ blocks


def _steps(affine: np.ndarray, sharp: LoadedVolume, axis: int) -> tuple[int, int]:
    """Sides of a block of the high-resolution scan that one low-resolution voxel covers, rows and columns."""
    voxels = np.linalg.inv(affine[:3, :3]) @ sharp.affine[:3, :3]
    fine = 1 / np.maximum(np.linalg.norm(voxels, axis=0), 1e-9)
    rows, columns = (max(1, round(float(fine[n]))) for n in range(3) if n != axis)
    return rows, columns


def _pair(
    scan: LoadedVolume, affine: np.ndarray, sharp: LoadedVolume, axis: int, index: int, steps: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray] | None:
    """One slice of both scans, the low-resolution one on the blocks; None if it does not cover the slice."""
    plane = _grey(sharp.array).take(index, axis)
    height, width = (n // step * step for n, step in zip(plane.shape, steps, strict=True))
    centres = [(np.arange(n // step) + 0.5) * step - 0.5 for n, step in zip((height, width), steps, strict=True)]
    places = np.stack(np.meshgrid(*centres, indexing="ij"))
    places = np.insert(places, axis, index, axis=0).reshape(3, -1)
    to_scan = np.linalg.inv(affine) @ sharp.affine
    inside = to_scan[:3, :3] @ places + to_scan[:3, 3:]
    limits = np.array(scan.array.shape[:3])[:, None] - 0.5
    if ((inside >= -0.5) & (inside <= limits)).all(axis=0).mean() < LEAST_COVERED:
        return None
    low = ndimage.map_coordinates(_grey(scan.array).astype(np.float64), inside, order=3, mode="nearest")
    return low.reshape(height // steps[0], width // steps[1]), plane[:height, :width]


def _grey(array: np.ndarray) -> np.ndarray:
    """The mean of the channels of a colour volume."""
    return array.mean(axis=3) if array.ndim == 4 else array
