"""Turns a picture or bare numbers of a package into a NIfTI volume of one slice, with the same bytes everywhere."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from mrisr.errors import InputError

from . import _pictures
from ._claims import LIMIT
from .sources import Conversion

AFFINES = {
    "axial": _pictures.AFFINE,
    "sagittal": ((0, 0, 1, 0), (0, -1, 0, 0), (-1, 0, 0, 0), (0, 0, 0, 1)),
}
"""Affine of [rows, columns, 1] by plane. An axial slice has anterior up, a sagittal one superior up, anterior left.

Voxels count as 1 mm, because neither format says.
"""
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_STORED = 65535
"""Largest block of deflate that is stored as it is."""


def converted(path: Path, conversion: Conversion) -> bytes:
    """The .nii.gz of a file, with the type of number that the file has.

    Raises
    ------
    InputError
        The file is no picture, or does not hold as many numbers as ``size`` says.
    """
    import nibabel as nib

    array = _pictures.read(path, LIMIT).array if conversion.kind == "picture" else _numbers(path, conversion)
    little = _coloured(array) if array.ndim == 4 else array.astype(array.dtype.newbyteorder("<"))
    image = nib.Nifti1Image(little, np.array(AFFINES[conversion.plane], float), nib.Nifti1Header(endianness="<"))
    image.set_data_dtype(little.dtype)
    return _stored(image.to_bytes())


def _coloured(array: np.ndarray) -> np.ndarray:
    """Colours [rows, columns, 1, 3] of 8 bits as the voxels that NIfTI has for them."""
    if array.dtype != np.uint8:
        raise InputError("is a colour picture of more than 8 bits, for which NIfTI has no voxels")
    return np.ascontiguousarray(array).view([(name, "u1") for name in "RGB"])[..., 0]


def _numbers(path: Path, conversion: Conversion) -> np.ndarray:
    """[rows, columns, 1] from a file of bare numbers, row by row, packed by gzip if its name says so."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    rows, columns = conversion.size
    kind = np.dtype(conversion.dtype)
    if len(content) != rows * columns * kind.itemsize:
        raise InputError(f"has {len(content)} bytes, not {rows} x {columns} numbers of the type {conversion.dtype}")
    return np.frombuffer(content, kind).reshape(rows, columns, 1)


def _stored(content: bytes) -> bytes:
    """Gzip without compression (RFC 1951, 3.2.4): compressed bytes would differ between versions of zlib."""
    starts = range(0, len(content), _STORED)
    blocks = [content[start : start + _STORED] for start in starts]
    parts = [
        struct.pack("<BHH", number == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for number, block in enumerate(blocks)
    ]
    return _GZIP_HEADER + b"".join(parts) + struct.pack("<II", zlib.crc32(content), len(content))
