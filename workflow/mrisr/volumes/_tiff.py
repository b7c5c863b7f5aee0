"""Pages of TIFF files, read by tifffile, and by ITK for the compressions that tifffile leaves to a further package."""

from __future__ import annotations

import contextlib
import logging
import lzma
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.errors import InputError

from . import _orientation
from ._claims import check_claim, times

_SPARE = 1024
"""Bytes that a compressed part of a page may have beyond its pixels."""
_DEFLATE, _LZMA, _NONE = (8, 32946), (34925,), 1
_BY_ITK = (5, 7)
"""Numbers of compressions in a TIFF file; the last are LZW and JPEG."""
_WHITE, _BLACK, _RGB, _PALETTE = 0, 1, 2, 3
"""Photometric interpretations: small is bright, large is bright, colours, numbers of a table's colours."""
INVERTED = "MINISWHITE: inverted, so that larger is brighter"


def claims(file: Path, limit: float) -> Iterator[tuple[int, ...]]:
    """Shape of every page by its header, each checked by `check_claim`.

    Raises
    ------
    InputError
        There is no page, a page claims more than the file or the limit allows, its data expand to more than its header
        says, its colours are not read, or the file speaks of more pictures than it has pages.
    """
    import tifffile

    with _strict("tifffile"), tifffile.TiffFile(file) as tiff:
        if not _meant(tiff):
            raise InputError("is a TIFF file without a page; write it again")
        for page in tiff.pages:
            size = page.dtype.itemsize if page.dtype else 1
            check_claim(page.shape, size, stored=file.stat().st_size, compressed=True, limit=limit)
            _check_parts(page, tiff.filehandle, size)
        for page in _meant(tiff):
            _check_colours(page)
            yield page.shape
        told, held = (sum(math.prod(one.shape) for one in several) for several in (tiff.series, tiff.pages))
        if told > held:
            raise InputError(
                f"speaks of {told} voxels and its pages have {held}: pictures are in another file, or without a page "
                "of their own; save one page a picture"
            )


def size(file: Path) -> tuple[int, int, int, int]:
    """Rows, columns, number and channels of the pictures that `pages` gives, from the header."""
    import tifffile

    with _strict("tifffile"), tifffile.TiffFile(file) as tiff:
        meant = _meant(tiff)
        if not meant:
            raise InputError("is a TIFF file without a page; write it again")
        page, told = meant[0], meant[0].tags.get(_orientation.TAG)
        sides = [side for axis, side in zip(page.axes, page.shape, strict=True) if axis != "S"]
        rows, columns = _orientation.turned(sides, 1 if told is None else int(told.value))
        colours = page.photometric == _PALETTE or page.samplesperpixel > 2
        return rows, columns, len(meant), 3 if colours else 1


def pages(file: Path, notes: list[str]) -> list[np.ndarray]:
    """All pages of a file, [H, W] or [H, W, C], upright. Reduced copies and masks of pages are left out."""
    import tifffile

    with _strict("tifffile"), tifffile.TiffFile(file) as tiff:
        meant = _meant(tiff)
        if len(meant) < len(tiff.pages):
            notes.append(f"reduced copies or masks left out: {len(tiff.pages) - len(meant)}")
        if any(page.compression in _BY_ITK for page in meant):
            images = _by_itk(file, meant)
        else:
            images = [_samples_last(page) for page in meant]
        return [_as_seen(image, page, notes) for image, page in zip(images, meant, strict=True)]


def _meant(tiff: Any) -> list[Any]:
    """The pages that are pictures. Their number comes first: it shows a file whose pages form a ring."""
    if not len(tiff.pages):
        return []
    return [page for page in tiff.pages if not (page.is_reduced or page.is_mask)]


def _check_colours(page: Any) -> None:
    kinds = (_RGB,) if page.samplesperpixel > 2 else (_WHITE, _BLACK, _PALETTE)
    unsigned = page.dtype is not None and page.dtype.kind in "bu"
    if page.photometric not in kinds or (page.photometric in (_WHITE, _PALETTE) and not unsigned):
        name = getattr(page.photometric, "name", page.photometric)
        raise InputError(
            f"is of the photometric interpretation {name} with {page.samplesperpixel} samples of type {page.dtype}, "
            "which is not read; save it as grey or RGB"
        )


def _samples_last(page: Any) -> np.ndarray:
    image = page.asarray()
    return np.moveaxis(image, 0, -1) if page.axes == "SYX" else image


def _by_itk(file: Path, meant: list[Any]) -> list[np.ndarray]:
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetImageIO("TIFFImageIO")
    reader.SetFileName(str(file))
    image = reader.Execute()
    array = sitk.GetArrayFromImage(image)
    images = list(array) if image.GetDimension() == 3 else [array]
    samples = {_PALETTE: (3,)}
    wanted = [page.shape[:2] + samples.get(page.photometric, page.shape[2:]) for page in meant]
    if [one.shape for one in images] != wanted:
        raise InputError("has compressed pages of an unusual layout, which are not read; save it without compression")
    return images


def _as_seen(image: np.ndarray, page: Any, notes: list[str]) -> np.ndarray:
    """A page upright, with its table's colours of 8 bits, and larger where it is brighter."""
    if page.photometric == _PALETTE:
        colours = image if image.ndim == 3 else np.moveaxis(page.colormap[:, image], 0, -1)
        # The table has 16 bits; programs write 8 bits times 257, some times 256.
        image = (colours >> 8).astype(np.uint8)
    if page.photometric == _WHITE:
        image = (2**page.bitspersample - 1 - image.astype(np.int64)).astype(np.float64)
        notes += [] if INVERTED in notes else [INVERTED]
    told = page.tags.get(_orientation.TAG)
    return _orientation.upright(image, 1 if told is None else int(told.value), notes)


def _check_parts(page: Any, file: Any, size: int) -> None:
    """Expand the strips or tiles of a page one by one, each no further than to the size that it should have.

    tifffile would expand a strip to any size before it looks at the header's.
    """
    if page.compression == _NONE:
        return
    most = math.prod(page.chunks) * size + _SPARE
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        if count > 2 * most or _expands(page.compression, file, offset, count, most):
            raise InputError(f"has a page of {times(page.shape)} voxels whose data expand to more; it is damaged")


def _expands(compression: int, file: Any, offset: int, count: int, most: int) -> bool:
    """Whether a part is larger than ``most`` bytes. Of the other compressions none expands more than 128 times."""
    if compression in _DEFLATE:
        decoder = zlib.decompressobj()
    elif compression in _LZMA:
        decoder = lzma.LZMADecompressor()
    else:
        return False
    file.seek(offset)
    return len(decoder.decompress(file.read(count), most + 1)) > most


@contextlib.contextmanager
def _strict(logger: str) -> Iterator[None]:
    """Turn what a library only logs as an error into an exception. tifffile otherwise skips missing pages."""
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())
    log = logging.getLogger(logger)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
    if messages:
        raise ValueError(messages[0])
