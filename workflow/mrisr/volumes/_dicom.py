"""DICOM: chooses a series, orders its slices by their headers, and reads their voxels with pydicom."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mrisr.errors import InputError

from ._dicom_files import is_dicom_file, series_of
from ._dicom_frames import frames
from ._dicom_grid import place
from ._dicom_pixels import read_slices
from ._raw import Raw, reading

__all__ = ["is_dicom_file", "read"]


def read(path: Path, series: str | None, limit: float) -> Raw:
    """Read a file, the only series of a folder, or the one whose SeriesInstanceUID is ``series``.

    Returns
    -------
    Raw
        float32 [X, Y, Z], or [X, Y, Z, 3] of colours: X along the rows of a picture, Y down its columns, Z in the order
        of the slices' positions. Each slice's values are the stored ones times its slope plus its intercept.

    Raises
    ------
    InputError
        A file is truncated or cannot be decoded, none of several series is chosen, or the slices are not one volume.
    """
    with reading("a DICOM series"):
        headers, notes = series_of(path, series, limit)
        pieces = [piece for file, header in headers.items() for piece in frames(file, header)]
        try:
            slices, affine, placed = place(pieces)
        except InputError as error:
            # A file that was left out may be the slice that is missing.
            raise InputError(*("; ".join([problem, *notes]) for problem in error.problems)) from error
        array = read_slices(slices, limit)
        notes += placed
        if slices[0].photometric == "MONOCHROME1":
            # Small values are bright here. Inverting within the volume's own range keeps units and extremes.
            array = np.float32(float(array.min()) + float(array.max())) - array
            notes.append("MONOCHROME1: inverted, so that larger is brighter")
        files = list(dict.fromkeys(piece.file for piece in slices))
        return Raw(array, affine, files, channels=array.ndim == 4, notes=notes)
