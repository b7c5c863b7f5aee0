"""The stage `degrade`: the slices of one subject through one degradation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mrisr.arrays import Cache, load_slices, save_slices, slice_name, stored_slices
from mrisr.errors import InputError

from . import from_description


def run(reads: Mapping[str, str], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str) -> None:
    """Degrade a subject's slices, the action of the stage `degrade`.

    What an earlier stage has made for a degradation (kernels, a registered scan) is read by the name of its option.
    """
    degradation = dict(settings["degradation"])
    made = {option: path for option, path in reads.items() if option != "slices"}
    degradation["options"] = {**degradation["options"], **made}
    operator = from_description(degradation, scale=settings["scale"], grid=settings["grid"])
    degrade_slices(reads["slices"], writes["slices"], operator=operator, identity=identity, **settings)


def degrade_slices(
    slices_path: str | os.PathLike,
    output_path: str | os.PathLike,
    *,
    degradation: Mapping[str, Any],
    scale: int,
    grid: str,
    identity: str,
    operator: Callable | None = None,
) -> None:
    """Degrade a slices file into another one, values clipped to [0, 1].

    Parameters
    ----------
    slices_path, output_path : path
        Slices files, see `mrisr.arrays.save_slices`.
    degradation : mapping
        ``kind``, the degradation's name, and ``options``, its own options.
    scale, grid
        As in `mrisr.degradations.build`. On the low grid the affine and the spacing are those of the larger pixels.
    identity : str
        Identity of the job, kept in the metadata.
    operator : callable, optional
        What degrades a slice [C, H, W] with its ``slice_ids``; by default the degradation that is described.

    Raises
    ------
    InputError
        An unreadable file, an unknown degradation, slices that the degradation cannot take.
    """
    operator = operator or from_description(degradation, scale=scale, grid=grid)
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
