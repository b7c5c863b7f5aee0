"""Pages of TIFF files, read by tifffile."""

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

from ._claims import check_claim, times

_SPARE = 1024
"""Bytes that a compressed part of a page may have beyond its pixels."""
_DEFLATE, _LZMA, _NONE = (8, 32946), (34925,), 1
"""Numbers of compressions in a TIFF file."""


def claims(file: Path, limit: float) -> Iterator[tuple[int, ...]]:
    """Shape of every page by its header, each checked by `check_claim`.

    Raises
    ------
    InputError
        There is no page, a page claims more than the file or the limit allows, or its data expand to more than its
        header says.
    """
    import tifffile

    with _strict("tifffile"), tifffile.TiffFile(file) as tiff:
        if not len(tiff.pages):
            raise InputError("is a TIFF file without a page; write it again")
        for page in tiff.pages:
            size = page.dtype.itemsize if page.dtype else 1
            check_claim(page.shape, size, stored=file.stat().st_size, compressed=True, limit=limit)
            _check_parts(page, tiff.filehandle, size)
            yield page.shape


def pages(file: Path) -> list[np.ndarray]:
    """All pages of a file, [H, W] or [H, W, C]."""
    import tifffile

    with _strict("tifffile"), tifffile.TiffFile(file) as tiff:
        return [page.asarray() for page in tiff.pages]


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
