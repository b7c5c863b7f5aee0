"""The order and the grid of DICOM slices. Slices that are not exactly one volume are refused by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mrisr.errors import InputError

from ._dicom_slices import Slice, check_alike, words
from ._itk import LPS_TO_RAS

UNEVEN = 0.05
"""Largest deviation of a step or a position from an even grid, as a share of the step. Rounding stays far below."""
ROUNDED = 0.02
"""The same in mm, for positions that a header rounds to 0.01 mm along each axis."""
AT_MOST = 0.25
"""The same as a share of the step, for fine steps. A missing slice deviates by a whole step."""
SAME_PLACE = 1e-3
"""Slices closer than this, in mm, count as being at the same position."""
TILTED = 0.01
"""Sideways share of a step above which a note mentions tilt."""


def place(slices: Sequence[Slice]) -> tuple[list[Slice], np.ndarray, list[str]]:
    """Order slices by their positions along their normal, and build the affine.

    Returns
    -------
    ordered : list of Slice
    affine : ndarray [4, 4]
        Maps column, row and slice to RAS+ mm. It is sheared if the slices are shifted sideways evenly (gantry tilt).
    notes : list of str

    Raises
    ------
    InputError
        The slices differ in size, pixel size, direction or kind, or are not evenly spaced. The message names one.
    """
    notes = []
    if slices[0].spacing is None:
        notes.append("no pixel size in the header: 1 mm taken")
    check_alike(slices)
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


def _by_number(slices: Sequence[Slice]) -> list[Slice]:
    """Give slices without positions a position along the world's axes, by their numbers."""
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
    """The constant vector from a slice to the next, LPS+ mm; ``frame`` [3, 3] holds a slice's axes."""
    if len(ordered) == 1:
        return frame[2] * (1.0 if math.isnan(ordered[0].step) else ordered[0].step)
    positions = np.array([piece.position for piece in ordered])
    # Steps along a row, down a column and through the slices. In this frame the last is never negative.
    steps = np.diff(positions, axis=0) @ frame.T
    same = int(np.argmin(steps[:, 2]))
    if steps[same, 2] < SAME_PLACE:
        raise InputError(
            f"{ordered[same].label} lies in the same place as {ordered[same + 1].label}: "
            "there are several volumes (echoes, times) or copies; give one whole volume"
        )
    usual = np.quantile(steps, 0.5, axis=0, method="lower")
    worst = int(np.argmax(np.linalg.norm(steps - usual, axis=1)))
    allowed = max(UNEVEN * usual[2], min(ROUNDED, AT_MOST * usual[2]))
    if not np.linalg.norm(steps[worst] - usual) <= allowed:
        odd, others = words(np.round(steps[worst], 4)), words(np.round(usual, 4))
        raise InputError(
            f"the {len(ordered)} slices of its DICOM series are not evenly spaced: {ordered[worst + 1].label} lies "
            f"{odd} mm (along a row, down a column, across) from {ordered[worst].label}, the others "
            f"{others}: a slice is missing, or there are several volumes; give one whole volume"
        )
    step = (positions[-1] - positions[0]) / (len(ordered) - 1)
    away = np.linalg.norm(positions - positions[0] - np.arange(len(ordered))[:, None] * step, axis=1)
    if away.max() > allowed:
        raise InputError(
            f"{ordered[int(away.argmax())].label} lies {away.max():.3g} mm beside an even grid of slices; "
            "resample the volume, or give another"
        )
    return step
