"""The order and the grid of DICOM slices, whatever files they came in: one volume exactly, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mrisr.errors import InputError

from ._itk import LPS_TO_RAS

UNEVEN = 0.05
"""Largest deviation of a step or a place from an even grid, as a share of the step: rounding stays far below."""
TURNED = 1e-3
"""Largest difference of direction cosines within a volume, and of pixel sizes as a share: rounding in headers."""
SAME_PLACE = 1e-3
"""Slices closer than this, in mm, lie at one place."""
TILTED = 0.01
"""Sideways share of a step from which a note speaks of tilt."""


@dataclass(frozen=True)
class Slice:
    """One picture and what its header says of it.

    ``shape`` is rows, columns, samples a pixel. ``position`` [3] is the first pixel's centre in LPS+ mm;
    ``directions`` [2, 3] are cosines along a row and down a column; both are None where one is missing. ``spacing`` [2]
    is the distance of rows and of columns in mm, None if unknown; ``step`` the distance to the next slice that
    the header speaks of, in mm, NaN if it does not. Values are stored ones times ``slope`` plus ``intercept``.
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


def place(slices: Sequence[Slice]) -> tuple[list[Slice], np.ndarray, list[str]]:
    """Order slices by their places along their normal, and build the affine from these.

    Returns
    -------
    ordered : list of Slice
    affine : ndarray [4, 4]
        Column, row and slice to RAS+ mm; sheared where the slices are shifted sideways evenly (gantry tilt).
    notes : list of str

    Raises
    ------
    InputError
        The slices differ in size, pixel size, direction or kind, or are not evenly placed; the line names one.
    """
    notes = []
    if slices[0].spacing is None:
        notes.append("no pixel size in the header: 1 mm taken")
    _check_alike(slices)
    if slices[0].position is None:
        slices, told = _by_number(slices), len(slices) > 1
        notes += ["no positions in the header: slices ordered by their numbers"] if told else []
    across, down = slices[0].directions
    normal = np.cross(across, down)
    ordered = sorted(slices, key=lambda piece: float(normal @ piece.position))
    step = _step(ordered, np.array([across, down, normal]))
    sideways = step - (step @ normal) * normal
    if np.linalg.norm(sideways) > TILTED * np.linalg.norm(step):
        angle = math.degrees(math.atan2(np.linalg.norm(sideways), step @ normal))
        notes.append(f"slices shifted sideways as by a tilt of {angle:.1f} degrees: the affine is sheared")
    rows, columns = (1.0, 1.0) if slices[0].spacing is None else slices[0].spacing
    affine = np.eye(4)
    affine[:3] = np.column_stack([across * columns, down * rows, step, ordered[0].position])
    return ordered, LPS_TO_RAS @ affine, notes


def _check_alike(slices: Sequence[Slice]) -> None:
    """Size, kind, pixel size and directions, which have to be those of the first slice."""
    first = slices[0]
    for piece in slices:
        if piece.shape != first.shape:
            raise _differs(piece, first, "has {} pixels (rows, columns, samples)", piece.shape, first.shape)
        if piece.photometric != first.photometric:
            raise _differs(piece, first, "is {}", piece.photometric, first.photometric)
        if not _close(piece.spacing, first.spacing, TURNED * np.min(first.spacing) if _has(first.spacing) else 0):
            raise _differs(piece, first, "has pixels of {} mm", piece.spacing, first.spacing)
        if _has(piece.position) != _has(first.position):
            without = first if _has(piece.position) else piece
            raise InputError(f"{without.label} has no position, as other slices have; give one whole volume")
        if not _close(piece.directions, first.directions, TURNED):
            raise _differs(piece, first, "lies in another plane (directions {})", piece.directions, first.directions)
    if _has(first.directions) and np.abs(first.directions @ first.directions.T - np.eye(2)).max() > 2 * TURNED:
        raise InputError(
            f"{first.label} gives directions {_words(first.directions)}; two orthogonal ones of length 1 would be right"
        )


def _by_number(slices: Sequence[Slice]) -> list[Slice]:
    """Slices that have no places, placed by their numbers along the world's axes."""
    if len(slices) > 1:
        files, pictures = len({piece.file for piece in slices}), len(slices)
        unknown = next((piece for piece in slices if piece.number is None), None)
        if unknown is not None or files not in (1, pictures):
            label = (unknown or slices[0]).label
            raise InputError(f"{label} has neither position nor number, so its order is unknown; convert it to NIfTI")
        ordered = sorted(slices, key=lambda piece: piece.number)
        numbers = np.diff([piece.number for piece in ordered])
        if numbers.min() != numbers.max() or numbers.min() == 0:
            worst = int(np.argmax(numbers) if numbers.min() else np.argmin(numbers))
            raise InputError(
                f"{ordered[worst + 1].label} has the number {ordered[worst + 1].number} after "
                f"{ordered[worst].number}, and no position: a slice is missing, or there are several volumes"
            )
        slices = ordered
    step = 1.0 if math.isnan(slices[0].step) else slices[0].step
    plane = np.eye(3)[:2]
    return [replace(p, directions=plane, position=np.array([0, 0, step * k])) for k, p in enumerate(slices)]


def _step(ordered: Sequence[Slice], frame: np.ndarray) -> np.ndarray:
    """The vector from a slice to the next, LPS+ mm, the same everywhere; ``frame`` [3, 3] holds a slice's axes."""
    if len(ordered) == 1:
        return frame[2] * (1.0 if math.isnan(ordered[0].step) else ordered[0].step)
    positions = np.array([piece.position for piece in ordered])
    # Along a row, down a column, through the slices: then the last is never negative.
    steps = np.diff(positions, axis=0) @ frame.T
    same = int(np.argmin(steps[:, 2]))
    if steps[same, 2] < SAME_PLACE:
        raise InputError(
            f"{ordered[same].label} lies in the same place as {ordered[same + 1].label}: "
            "there are several volumes (echoes, times) or copies; give one whole volume"
        )
    usual = np.quantile(steps, 0.5, axis=0, method="lower")
    worst = int(np.argmax(np.linalg.norm(steps - usual, axis=1)))
    if not np.linalg.norm(steps[worst] - usual) <= UNEVEN * usual[2]:
        raise InputError(
            f"the {len(ordered)} slices of its DICOM series are not evenly spaced: {ordered[worst + 1].label} lies "
            f"{_words(steps[worst])} mm (along a row, down a column, across) from {ordered[worst].label}, the others "
            f"{_words(usual)}: a slice is missing, or there are several volumes; give one whole volume"
        )
    step = (positions[-1] - positions[0]) / (len(ordered) - 1)
    away = np.linalg.norm(positions - positions[0] - np.arange(len(ordered))[:, None] * step, axis=1)
    if away.max() > UNEVEN * usual[2]:
        raise InputError(
            f"{ordered[int(away.argmax())].label} lies {away.max():.3g} mm beside an even grid of slices; "
            "resample the volume, or give another"
        )
    return step


def _has(value: object) -> bool:
    return value is not None


def _close(one: np.ndarray | None, other: np.ndarray | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.abs(one - other).max() <= tolerance)


def _differs(piece: Slice, first: Slice, what: str, value: object, other: object) -> InputError:
    return InputError(
        f"{piece.label} {what.format(_words(value))}, and {first.label} {_words(other)}; give one whole volume"
    )


def _words(value: object) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else " x ".join(f"{n:.4g}" for n in np.ravel(value))
