"""NIfTI, Analyze, MGH and MINC 1, read by nibabel."""

from __future__ import annotations

import contextlib
import gzip
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mrisr.errors import InputError

from ._raw import Raw, check_claim, choose_volume, reading
from .files import volume_files
from .names import mixes_case, named_format

NAMES = {
    "nifti": "a NIfTI file",
    "analyze": "an Analyze pair (.hdr, .img)",
    "mgh": "an MGH file",
    "minc": "a MINC file",
}


def read(path: Path, kind: str, volume_4d: str | int) -> Raw:
    """Read a file of one of `NAMES`; intensities are scaled as its header says, the affine is RAS+ in mm."""
    import nibabel

    if mixes_case(path):
        raise InputError("ends in letters of upper and lower case, by which nibabel finds no file; rename it")
    with reading(NAMES[kind]), _quiet("nibabel.global"):
        image = nibabel.load(path)
        if not hasattr(image, "affine") or not hasattr(image.dataobj, "shape"):
            raise InputError(f"is not {NAMES[kind]} of voxels, but {type(image).__name__}")
        shape, dtype = tuple(int(n) for n in image.shape), np.dtype(image.get_data_dtype())
        data = _data_file(image, path)
        _check(image, data, shape, dtype)
        _verify_checksum(data)
        raw = Raw(_voxels(image, shape, dtype, volume_4d), image.affine, volume_files(path))
        raw.channels = dtype.names is not None
        raw.notes = _notes(image, shape, volume_4d)
    return raw


@contextlib.contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Silence nibabel's remarks on what it mends in a header."""
    log = logging.getLogger(logger)
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _data_file(image, path: Path) -> Path:
    holder = image.file_map.get("image")
    return Path(holder.filename) if holder is not None and holder.filename else path


def _check(image, data: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
    if not data.is_file():
        raise InputError(f"its voxels should be in {data.name}, which is missing")
    stored = data.stat().st_size
    told = named_format(data)
    # MINC files may be compressed inside. There is no bound to what bzip2 makes of constant data.
    compressed = told.compression is not None or told.kind == "minc"
    offset = 0 if compressed else int(getattr(image.dataobj, "offset", 0))
    held = None if told.compression == "bzip2" else stored - offset
    check_claim(shape, dtype.itemsize, stored=held, compressed=compressed)


def _verify_checksum(data: Path) -> None:
    """Read a gzip file to its end to verify its checksum. nibabel stops at the last voxel and would miss damage."""
    if named_format(data).compression == "gzip":
        with gzip.open(data) as file:
            while file.read(1 << 20):
                pass


def _voxels(image, shape: tuple[int, ...], dtype: np.dtype, volume_4d: str | int) -> np.ndarray:
    """Voxels of the chosen volume only, [X, Y, Z], or [X, Y, Z, C] of a colour file."""
    chosen = choose_volume(shape, volume_4d)
    index = tuple(slice(None) if n < 3 else (chosen if length > 1 else 0) for n, length in enumerate(shape))
    whole = len(shape) <= 3
    if dtype.names is not None:
        voxels = np.asanyarray(image.dataobj) if whole else image.dataobj[index]
        return np.stack([_three(voxels[name]) for name in dtype.names[:3]], axis=-1)
    if not whole:
        return _three(np.asanyarray(image.dataobj[index]))
    if dtype.kind == "c":
        return _three(np.asanyarray(image.dataobj))
    # Scaling in float32 avoids a float64 copy of a large volume.
    return _three(image.get_fdata(dtype=np.float32, caching="unchanged"))


def _three(array: np.ndarray) -> np.ndarray:
    return array.reshape(array.shape + (1,) * (3 - array.ndim))


def _notes(image, shape: tuple[int, ...], volume_4d: str | int) -> list[str]:
    import nibabel

    notes = []
    chosen = choose_volume(shape, volume_4d)
    if chosen is not None:
        notes.append(f"volume {chosen} of {max(shape[3:])} taken")
    if isinstance(image, nibabel.Nifti1Pair) and not (image.header["qform_code"] or image.header["sform_code"]):
        notes.append("no orientation in the header; nibabel's default taken")
    return notes
