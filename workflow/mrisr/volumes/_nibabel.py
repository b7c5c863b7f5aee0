"""NIfTI, Analyze, MGH and MINC 1, read by nibabel."""

from __future__ import annotations

import contextlib
import io
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.errors import InputError

from ._claims import check_claim, read_through
from ._raw import Raw, choose_volume, reading
from .files import PAIR, volume_files
from .names import mixes_case, named_format

NAMES = {
    "nifti": "a NIfTI file",
    "analyze": "an Analyze pair (.hdr, .img)",
    "mgh": "an MGH file",
    "minc": "a MINC file",
}
MILLIMETRES = {"meter": 1e3, "micron": 1e-3}
"""Units of length that a NIfTI header may name, in mm."""
_HEADERS = (2**20, 2**26)
"""Bytes at the start of a compressed file in which its header is sought: the second for one with long extensions."""


def read(path: Path, kind: str, volume_4d: str | int, limit: float) -> Raw:
    """Read a file of one of `NAMES`; intensities are scaled as its header says, the affine is RAS+ in mm."""
    import nibabel

    if mixes_case(path):
        raise InputError("ends in letters of upper and lower case, by which nibabel finds no file; rename it")
    with reading(NAMES[kind]), _quiet("nibabel.global"):
        image = open_header(path)
        if not hasattr(image, "affine") or not hasattr(image.dataobj, "shape"):
            raise InputError(f"is not {NAMES[kind]} of voxels, but {type(image).__name__}")
        shape, dtype = tuple(int(n) for n in image.shape), np.dtype(image.get_data_dtype())
        _check(image, _data_file(image, path), shape, dtype, limit)
        image = nibabel.load(path)
        raw = Raw(_voxels(image, shape, dtype, volume_4d), image.affine, volume_files(path))
        raw.channels = dtype.names is not None
        raw.notes = _notes(image, shape, volume_4d)
        unit = _unit(image)
        if unit in MILLIMETRES:
            raw.affine = np.diag([*[MILLIMETRES[unit]] * 3, 1]) @ raw.affine
            raw.notes.append(f"lengths in the header are in {unit}: turned into mm")
    return raw


def open_header(path: Path) -> Any:
    """The nibabel image of a file whose header alone is read.

    nibabel reads extensions of any length into memory, and seeks behind the voxels. Of a compressed file it is
    therefore given the first bytes only.
    """
    import nibabel

    told = named_format(path)
    # The header of a pair is a file of its own.
    if told.compression is None or told.suffix in PAIR:
        return nibabel.load(path)
    for size in _HEADERS:
        with nibabel.openers.ImageOpener(path) as file:
            start = file.read(size)
        try:
            return _class(path).from_file_map({"image": nibabel.FileHolder(fileobj=io.BytesIO(start))})
        except Exception:
            if len(start) < size or size == _HEADERS[-1]:
                raise
    raise AssertionError


@contextlib.contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Silence nibabel's remarks on what it mends in a header."""
    log = logging.getLogger(logger)
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _class(path: Path) -> Any:
    """The class of image by which nibabel would read a file."""
    import nibabel

    sniff = None
    for kind in nibabel.all_image_classes:
        fits, sniff = kind.path_maybe_image(path, sniff)
        if fits:
            return kind
    raise InputError("is of no format that nibabel reads; it is damaged, or another kind of file")


def _data_file(image: Any, path: Path) -> Path:
    holder = image.file_map.get("image")
    return Path(holder.filename) if holder is not None and holder.filename else path


def _check(image: Any, data: Path, shape: tuple[int, ...], dtype: np.dtype, limit: float) -> None:
    """Check what the header claims and, of a compressed file, that it expands to no more and is undamaged.

    nibabel stops at the last voxel and would miss damage.
    """
    import nibabel

    if not data.is_file():
        raise InputError(f"its voxels should be in {data.name}, which is missing")
    stored, offset = data.stat().st_size, int(getattr(image.dataobj, "offset", 0))
    told = named_format(data)
    packed = told.compression is not None
    # MINC files may be compressed inside. There is no bound to what bzip2 makes of constant data.
    compressed = packed or told.kind == "minc"
    held = None if told.compression == "bzip2" else stored - (0 if compressed else offset)
    check_claim(shape, dtype.itemsize, stored=held, compressed=compressed, limit=limit)
    if packed:
        with nibabel.openers.ImageOpener(data) as file:
            read_through(file, min(offset, _HEADERS[-1]) + math.prod(shape) * dtype.itemsize, limit)


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
    if dtype.kind == "c" or (dtype.kind == "f" and dtype.itemsize > 4):
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
    if not isinstance(image, nibabel.Nifti1Pair):
        return notes
    if not (image.header["qform_code"] or image.header["sform_code"]):
        notes.append("no orientation in the header; nibabel's default taken")
    if image.header["qform_code"] and image.header["sform_code"]:
        # A damaged qform is no harm beside a good sform.
        with contextlib.suppress(Exception):
            notes += _disagreement(image)
    return notes


def _disagreement(image: Any) -> list[str]:
    """A note if a corner of the volume lies elsewhere by the qform than by the sform, by half a voxel or more."""
    qform, sform = image.header.get_qform(), image.header.get_sform()
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in (*image.shape, 1, 1)[:3]], [1])).reshape(4, -1)
    away = np.linalg.norm(((qform - sform) @ corners)[:3], axis=0).max()
    voxel = np.linalg.norm(sform[:3, :3], axis=0).min()
    return [f"qform and sform disagree by up to {away:.3g} mm: sform taken"] if away >= voxel / 2 else []


def _unit(image: Any) -> str | None:
    """The unit of length that a NIfTI header names; None if it names none that there is."""
    import nibabel

    if not isinstance(image, nibabel.Nifti1Pair):
        return None
    try:
        return image.header.get_xyzt_units()[0]
    except KeyError:
        return None
