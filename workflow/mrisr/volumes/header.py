"""Reads the size of a volume from its header alone, for planning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.grid import resolve_axis

from . import _bids, _nibabel, _pictures
from ._itk import LPS_TO_RAS, image_reader
from ._raw import reading
from .files import volume_files
from .readers import infer_kind

COMPRESSION = 3
"""Assumed compression of 16-bit voxels, for volumes whose headers are not opened (DICOM series)."""


def read_header(path: Path, kind: str | None, axis: str | int) -> dict[str, Any]:
    """Size of a volume and the axis along which it is cut.

    Returns
    -------
    dict
        ``shape`` [X, Y, Z] or [X, Y, Z, 3]; ``axis``, the stored axis that the argument means; ``reverse``, whether a
        named axis is stored in reverse; ``known``, whether the header says all that. If the header cannot be read, the
        shape is a cube with as many voxels as the file may hold: planning must not fail, and reading the volume will
        say what is wrong.
    """
    try:
        with reading("a volume"):
            shape, affine = _size(path, kind)
            number, reverse = resolve_axis(axis, affine)
    except InputError:
        side = round((COMPRESSION * sum(f.stat().st_size for f in volume_files(path, kind)) / 2) ** (1 / 3))
        number = int(axis) if str(axis).isdigit() else 2
        return {"shape": [max(side, 1)] * 3, "axis": number, "reverse": False, "known": False}
    return {"shape": [int(n) for n in shape], "axis": number, "reverse": reverse, "known": True}


def _size(path: Path, kind: str | None) -> tuple[tuple[int, ...], np.ndarray]:
    family, _, choice = (kind or infer_kind(path)).partition(":")
    if family == "bids":
        path, family = _bids.choose_image(path, choice or None), "nifti"
    if family in ("nifti", "analyze", "mgh"):
        return _nibabel_size(path)
    if family in ("nrrd", "metaimage", "minc"):
        return _itk(path, family)
    if family == "pictures":
        return _pictures.size(path, choice), np.array(_pictures.AFFINE, float)
    raise InputError("its size is not in one header")


def _nibabel_size(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    image = _nibabel.open_header(path)
    channels = (3,) if image.get_data_dtype().names else ()
    return (*image.shape[:3], *(1,) * (3 - len(image.shape)), *channels), image.affine


def _itk(path: Path, family: str) -> tuple[tuple[int, ...], np.ndarray]:
    reader = image_reader(path, family)
    reader.ReadImageInformation()
    size = (*reader.GetSize(), 1)[:3]
    dimension = reader.GetDimension()
    affine = np.eye(4)
    used = min(dimension, 3)
    affine[:used, :used] = np.array(reader.GetDirection()).reshape(dimension, dimension)[:used, :used]
    channels = (3,) if reader.GetNumberOfComponents() in (3, 4) else ()
    return (*size, *channels), affine if family == "minc" else LPS_TO_RAS @ affine
