"""DICOM: a series chosen, its slices placed by their headers, their voxels read slice by slice (pydicom)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ._dicom_files import is_dicom_file, series_of
from ._dicom_frames import frames
from ._dicom_grid import place
from ._dicom_pixels import read_slices
from ._raw import Raw, reading

__all__ = ["is_dicom_file", "read"]


def read(path: Path, series: str | None) -> Raw:
    """Read a file, the only series of a folder, or the one whose SeriesInstanceUID is ``series``.

    Returns
    -------
    Raw
        float32 [X, Y, Z] or, of colours, [X, Y, Z, 3]: X along the rows of a picture, Y down its columns, Z in the
        order of the slices' places. Values are stored ones times slope plus intercept of their own slice.

    Raises
    ------
    InputError
        A file is truncated or cannot be decoded, several series and none chosen, or slices that are no one volume.
    """
    with reading("a DICOM series"):
        headers, notes = series_of(path, series)
        slices, affine, placed = place([piece for file, header in headers.items() for piece in frames(file, header)])
        array = read_slices(slices)
        notes += placed
        if slices[0].photometric == "MONOCHROME1":
            # Small is bright here. Mirrored in the volume's own range, which keeps units and extremes.
            array = np.float32(float(array.min()) + float(array.max())) - array
            notes.append("MONOCHROME1: inverted, so that larger is brighter")
        files = list(dict.fromkeys(piece.file for piece in slices))
        return Raw(array, affine, files, channels=array.ndim == 4, notes=notes)
