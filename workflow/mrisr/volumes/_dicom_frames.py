"""Turns a DICOM header into slices: one for a classic file, one per frame for an enhanced file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.errors import InputError

from ._dicom_slices import Slice
from ._raw import reading

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_GROUPS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
)
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")


def frames(path: Path, header: Any) -> list[Slice]:
    """The slices of a file, in its order.

    A property is read from the frame itself, or else from what all frames share, or else from the outermost level.

    Raises
    ------
    InputError
        The file is a mosaic, or its values or geometry have an unsupported form.
    """
    with reading(f"a DICOM file ({path.name})"):
        count = int(header.get("NumberOfFrames", 1) or 1)
        own = header.get("PerFrameFunctionalGroupsSequence") or []
        shared = header.get("SharedFunctionalGroupsSequence") or []
        enhanced = bool(own or shared)
        _check_image(path, header, enhanced)
        if own and len(own) != count:
            raise InputError(f"its file {path.name} has {count} frames and describes {len(own)}; it is damaged")
        pieces = []
        for index in range(count):
            levels = [own[index]] if own else []
            places = [group for level in [*levels, *shared] for group in _groups(level)] + [header]
            pieces.append(_slice(path, header, index, count, places))
        return pieces


def _groups(level: Any) -> list[Any]:
    return [level.get(name)[0] for name in _GROUPS if level.get(name)]


def _check_image(path: Path, header: Any, enhanced: bool) -> None:
    name = f"its file {path.name}"
    kinds = [str(kind).upper() for kind in _several(header.get("ImageType"))]
    # Enhanced files may say MOSAIC even though each slice is its own frame.
    if "MOSAIC" in kinds and not enhanced:
        raise InputError(f"{name} is a mosaic, many slices in one picture; convert it to NIfTI with dcm2niix")
    if header.get("ModalityLUTSequence"):
        raise InputError(f"{name} gives its values by a table (Modality LUT), which is not read; convert it to NIfTI")
    colours = ("MONOCHROME1", "MONOCHROME2") if header.SamplesPerPixel == 1 else _COLOURS
    if header.PhotometricInterpretation not in colours:
        raise InputError(
            f"{name} is of the photometric interpretation {header.PhotometricInterpretation} with "
            f"{header.SamplesPerPixel} samples, which is not read; {', '.join(colours)} would be"
        )
    stored, highest = header.get("BitsStored"), header.get("HighBit")
    if stored is not None and highest is not None and highest != stored - 1:
        raise InputError(f"{name} stores {stored} bits below bit {highest}, which is not read; {stored - 1} would be")


def _slice(path: Path, header: Any, index: int, count: int, places: Sequence[Any]) -> Slice:
    """One slice. Its properties are looked up in ``places``; the first place that has one counts."""
    label = (f"frame {index + 1} of " if count > 1 else "") + f"its file {path.name}"

    def numbers(name: str, length: int) -> np.ndarray | None:
        found = next((_several(place.get(name)) for place in places if _several(place.get(name))), None)
        if found is None:
            return None
        values = np.array([float(value) for value in found])
        if len(values) != length or not np.isfinite(values).all():
            raise InputError(f"{label} gives {name} as {found}; {length} finite numbers would be right")
        return values

    def number(name: str, default: float) -> float:
        found = numbers(name, 1)
        return default if found is None else float(found[0])

    spacing = next((found for name in _SPACINGS if (found := numbers(name, 2)) is not None), None)
    if spacing is not None and spacing.min() <= 0:
        raise InputError(f"{label} has pixels of {spacing[0]:g} x {spacing[1]:g} mm; sizes above 0 would be right")
    slope = number("RescaleSlope", 1)
    if slope == 0:
        raise InputError(f"{label} has a rescale slope of 0, which leaves no picture; a slope above 0 would be right")
    turn, position = numbers("ImageOrientationPatient", 6), numbers("ImagePositionPatient", 3)
    # Frames without positions are numbered by their order. Single-frame files are not.
    if count > 1 and not any(place.get("ImagePositionPatient") for place in places[:-1]):
        position = None
    placed = turn is not None and position is not None
    order = index if count > 1 else header.get("InstanceNumber")
    return Slice(
        file=path,
        frame=index,
        label=label,
        shape=(header.Rows, header.Columns, header.SamplesPerPixel),
        photometric="RGB" if header.SamplesPerPixel > 1 else header.PhotometricInterpretation,
        position=position if placed else None,
        directions=turn.reshape(2, 3) if placed else None,
        spacing=spacing,
        # Some headers write a distance of 0 for "none", for example for single slices.
        step=next((abs(d) for n in ("SpacingBetweenSlices", "SliceThickness") if (d := number(n, 0))), math.nan),
        slope=slope,
        intercept=number("RescaleIntercept", 0),
        number=None if order is None or order == "" else int(order),
    )


def _several(value: Any) -> list[Any]:
    """The values of an element as a list. The element may be missing, empty, single or multiple."""
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | int | float) else list(value)
