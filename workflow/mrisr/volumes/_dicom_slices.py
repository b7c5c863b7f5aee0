"""A DICOM slice, and a check that several slices are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mrisr.errors import InputError

TURNED = 1e-3
"""Largest difference of direction cosines within a volume, and of pixel sizes as a share: rounding in headers."""


@dataclass(frozen=True)
class Slice:
    """One picture and what its header says of it.

    ``shape`` is rows, columns, samples per pixel. ``position`` [3] is the first pixel's centre in LPS+ mm.
    ``directions`` [2, 3] are cosines along a row and down a column. If one of these two is missing, both are None.
    ``spacing`` [2] is the distance of rows and of columns in mm, None if unknown. ``step`` is the distance to the next
    slice in mm, by the header; NaN if it does not say. Values are the stored ones times ``slope`` plus ``intercept``.
    """

    file: Path
    frame: int
    label: str
    shape: tuple[int, int, int]
    photometric: str
    position: np.ndarray | None
    directions: np.ndarray | None
    spacing: np.ndarray | None
    step: float
    slope: float
    intercept: float
    number: int | None


def check_alike(slices: Sequence[Slice]) -> None:
    """Raise `InputError` unless all slices have the size, kind, pixel size and directions of the first."""
    first = slices[0]
    for piece in slices:
        if piece.shape != first.shape:
            raise _difference(piece, first, "has {} pixels (rows, columns, samples)", piece.shape, first.shape)
        if piece.photometric != first.photometric:
            raise _difference(piece, first, "is {}", piece.photometric, first.photometric)
        if not _close(piece.spacing, first.spacing, TURNED * np.min(first.spacing) if _has(first.spacing) else 0):
            raise _difference(piece, first, "has pixels of {} mm", piece.spacing, first.spacing)
        if _has(piece.position) != _has(first.position):
            without = first if _has(piece.position) else piece
            raise InputError(f"{without.label} has no position, as other slices have; give one whole volume")
        if not _close(piece.directions, first.directions, TURNED):
            raise _difference(piece, first, "lies in another plane (directions {})", piece.directions, first.directions)
    if _has(first.directions) and np.abs(first.directions @ first.directions.T - np.eye(2)).max() > 2 * TURNED:
        raise InputError(
            f"{first.label} gives directions {words(first.directions)}; two orthogonal ones of length 1 would be right"
        )


def _has(value: object) -> bool:
    return value is not None


def _close(one: np.ndarray | None, other: np.ndarray | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.abs(one - other).max() <= tolerance)


def _difference(piece: Slice, first: Slice, what: str, value: object, other: object) -> InputError:
    return InputError(
        f"{piece.label} {what.format(words(value))}, and {first.label} {words(other)}; give one whole volume"
    )


def words(value: object) -> str:
    """A property of a slice as a message shows it."""
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else " x ".join(f"{n + 0.0:.4g}" for n in np.ravel(value))
