"""Degrades the slices of one subject: reads a slices file and writes another."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mrisr.arrays import Cache, load_slices, save_slices, slice_name, stored_slices
from mrisr.errors import InputError


def degrade_slices(
    slices_path: str | os.PathLike,
    output_path: str | os.PathLike,
    *,
    operator: Callable,
    degradation: Mapping[str, Any],
    scale: int,
    grid: str,
    identity: str,
) -> None:
    """Degrade the slices of a file and write them to another, values clipped to [0, 1].

    Parameters
    ----------
    slices_path, output_path : path
        Slices files, see `mrisr.arrays.save_slices`.
    operator : callable
        Degrades a slice [C, H, W]; called with the slice's name as ``slice_ids``.
    degradation : mapping
        Describes the operator in the metadata: ``kind``, the degradation's name, and ``options``, its own options.
    scale, grid
        As in `mrisr.degradations.build`, kept in the metadata. On the low grid the affine and the spacing are those of
        the larger pixels.
    identity : str
        Identity of the job, kept in the metadata.

    Raises
    ------
    InputError
        The file is unreadable, or the operator cannot degrade its slices.
    """
    _, metadata = load_slices(slices_path, [])
    degraded: dict[int, np.ndarray] = {}
    for index, image in stored_slices(slices_path, Cache(0)).items():
        try:
            one = operator(np.asarray(image), slice_ids=[slice_name(metadata["subject"], index)])
        except InputError as error:
            raise InputError(*(f"{slices_path}: {problem}" for problem in error.problems)) from error
        degraded[index] = np.clip(one, 0.0, 1.0)
    made = {"degradation": dict(degradation), "scale": scale, "grid": grid, "identity": identity}
    if grid == "low":
        made |= _low_geometry(metadata, scale)
    save_slices(output_path, degraded, metadata | made)


def _low_geometry(metadata: Mapping[str, Any], scale: int) -> dict[str, list]:
    """Affine and spacing of the low grid: in-plane voxels scale times as large, the first one centred in its block."""
    affine, spacing = np.array(metadata["affine"], np.float64), np.array(metadata["spacing"], np.float64)
    in_plane = [axis for axis in range(3) if axis != metadata["axis"]]
    affine[:3, 3] += (scale - 1) / 2 * affine[:3, in_plane].sum(axis=1)
    affine[:3, in_plane] *= scale
    spacing[in_plane] *= scale
    return {"affine": affine.tolist(), "spacing": spacing.tolist()}
