"""Cuts a volume into normalised slices.

Slices in the range that are not empty are kept: all, or a given number of them, evenly spaced. A low percentile or the
minimum of the volume (or of the slice) becomes 0, a high percentile or the maximum becomes 1. Values are clipped.
Slices keep their in-plane orientation.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mrisr.arrays import save_slices
from mrisr.errors import InputError
from mrisr.imaging.grid import crop_plane, inside_mask, resolve_axis
from mrisr.imaging.intensity import Bounds, bounds, is_empty, scaled, slice_bounds
from mrisr.imaging.loaded import LoadedVolume

from .ranges import evenly, parse_range
from .readers import read_role
from .row import Volume

EMPTY = {"threshold": 0.1, "fraction": 0.1}
NORMALISE = {"method": "percentile", "per": "volume", "low_percentile": 0.1, "percentile": 99.9}
Slices = dict[int, np.ndarray]


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    volume: Volume,
    limit_gib: float,
) -> None:
    """Cut a volume into slices, the action of the stage `slice`. ``limit_gib`` is that of `read_volume`."""
    slice_stage(volume, writes["slices"], settings={**settings, "limit_gib": limit_gib}, identity=identity)


def slice_stage(
    volume: Volume, output: str | os.PathLike, *, settings: Mapping[str, Any], identity: str | None
) -> None:
    """Read a volume, cut it, and write a slices file (`mrisr.arrays.save_slices`).

    ``settings`` is the ``slices`` section of a study, with ``multiple`` and this subject's ``count`` added.
    """
    try:
        slices, metadata = cut(volume, *read_row(volume, settings), settings, count=settings.get("count"))
    except InputError as error:
        raise InputError(*(f"subject '{volume.subject}': {problem}" for problem in error.problems)) from error
    save_slices(output, slices, metadata | {"identity": identity})


def read_row(volume: Volume, settings: Mapping[str, Any]) -> tuple[LoadedVolume, LoadedVolume | None]:
    """Read a volume of the manifest and its mask, if it has one, as the ``slices`` section says."""
    loaded = read_role(volume, "path", settings)
    return loaded, None if volume.mask is None else read_role(volume, "mask", settings)


def cut(
    volume: Volume, loaded: LoadedVolume, mask: LoadedVolume | None, settings: Mapping[str, Any], *, count: int | None
) -> tuple[Slices, dict[str, Any]]:
    """Cut a volume that was read by `read_row` as its row and the ``slices`` section say.

    Returns the slices and their metadata, see `slice_volume`.
    """
    names = ("empty", "normalise", "multiple", "minimum")
    try:
        return slice_volume(
            loaded,
            subject=volume.subject,
            axis=settings.get("axis", "axial") if volume.axis is None else volume.axis,
            range=settings.get("range") if volume.slices is None else volume.slices,
            count=count,
            mask=mask,
            **{name: settings[name] for name in names if name in settings},
        )
    except InputError as error:
        raise InputError(*(f"{volume.path}: {problem}" for problem in error.problems)) from error


def slice_volume(
    volume: LoadedVolume,
    *,
    subject: str = "",
    axis: str | int = "axial",
    range: str | None = None,
    count: int | None = None,
    empty: Mapping[str, float] = EMPTY,
    normalise: Mapping[str, Any] = NORMALISE,
    multiple: int = 1,
    minimum: int = 32,
    mask: LoadedVolume | None = None,
) -> tuple[Slices, dict[str, Any]]:
    """Cut a volume into normalised slices.

    Parameters
    ----------
    volume : LoadedVolume
    axis : str or int
        ``axial``, ``coronal``, ``sagittal`` (the stored axis closest to it), or the stored axis 0, 1, 2.
    range : str, optional
        See `mrisr.volumes.ranges.SliceRange`.
    count : int, optional
        How many of the slices that are not empty to take, evenly spaced; by default all.
    empty : mapping
        A slice is empty when fewer than ``fraction`` of its pixels exceed ``threshold``, in the range of the whole
        volume: normalised by itself, a slice of noise would not look empty. If slices are normalised one by one, a
        constant slice is empty too.
    normalise : mapping
        ``method``: ``percentile`` (the volume's ``low_percentile`` to 0, its ``percentile`` to 1), ``minmax``, or
        ``none`` for values that are already in [0, 1]. ``per``: ``volume`` or ``slice``.
    multiple : int
        Slices are cropped centrally so that their sides are multiples of it. The affine follows the crop.
    minimum : int
        Smallest side of a slice after the crop, pixels.
    mask : LoadedVolume, optional
        On the same grid. The range of values is taken inside it (> 0); everything outside becomes 0.

    Returns
    -------
    slices : {index along the stored axis: float32 [C, H, W] in [0, 1]}
        H and W are the stored axes other than ``axis``, in order.
    metadata : dict
        subject, axis, affine and spacing of the cropped volume, and intensity: low and high are the values that became
        0 and 1, or the least and the greatest of them if slices are normalised one by one.

    Raises
    ------
    InputError
        The range, count, values, size or mask do not fit the volume.
    """
    empty, normalise = EMPTY | dict(empty), NORMALISE | dict(normalise)
    number, reverse = resolve_axis(axis, volume.affine)
    inside = None if mask is None else inside_mask(mask, volume)
    crop, affine = crop_plane(volume.array.shape, number, volume.affine, multiple=multiple, minimum=minimum)
    planes = _Planes(volume.array, inside, number, crop)
    wanted = parse_range(range).indices(volume.array.shape[number], reverse=reverse)
    used = _taken(dict(_not_empty(planes, wanted, empty, normalise)), count)
    slices = {index: _channels_first(scaled(*planes.at(index), limits)) for index, limits in used.items()}
    return slices, _metadata(subject, number, affine, volume.spacing, used)


@dataclass(frozen=True)
class _Planes:
    """The cropped slices of a volume along one axis, and those of the mask."""

    array: np.ndarray
    inside: np.ndarray | None
    axis: int
    crop: tuple[slice, ...]

    def at(self, index: int) -> tuple[np.ndarray, np.ndarray | None]:
        """One slice [H, W] or [H, W, C] of the volume, and the same slice of the mask."""
        # Not `take`: it would first copy the whole volume if that is in Fortran order.
        where = (*self.crop[: self.axis], index, *self.crop[self.axis :])
        return self.array[where], None if self.inside is None else self.inside[where]


def _not_empty(
    planes: _Planes, wanted: Iterable[int], empty: Mapping[str, float], normalise: Mapping[str, Any]
) -> Iterator[tuple[int, Bounds]]:
    """Index and bounds of the wanted slices that are not empty."""
    whole = bounds(planes.array, planes.inside, **normalise)
    one_by_one = normalise["per"] == "slice" and normalise["method"] != "none"
    for index in wanted:
        image, inside = planes.at(index)
        limits = slice_bounds(image, inside, **normalise) if one_by_one else whole
        if limits is not None and not is_empty(scaled(image, inside, whole), empty):
            yield index, limits


def _taken(usable: dict[int, Bounds], count: int | None) -> dict[int, Bounds]:
    """All slices that are usable, or ``count`` of them, evenly spaced."""
    if not usable:
        raise InputError("every slice of the range is empty by the rule slices.empty; lower its threshold or fraction")
    if count is None:
        return usable
    indices = list(usable)
    return {indices[place]: usable[indices[place]] for place in evenly(len(indices), count)}


def _metadata(
    subject: str, axis: int, affine: np.ndarray, spacing: np.ndarray, used: Mapping[int, Bounds]
) -> dict[str, Any]:
    low, high = zip(*used.values(), strict=True)
    return {
        "subject": subject,
        "axis": axis,
        "affine": affine.tolist(),
        "spacing": spacing.tolist(),
        "intensity": {"low": min(low), "high": max(high)},
    }


def _channels_first(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0))
