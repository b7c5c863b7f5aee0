"""Reads the values of DICOM slices with pydicom; each slice has its own slope and intercept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mrisr.errors import InputError

from ._claims import check_size
from ._dicom_header import open_dataset
from ._dicom_slices import Slice
from ._raw import reading


def read_slices(slices: Sequence[Slice], limit: float) -> np.ndarray:
    """Values of slices of one size, in their order: float32 [X, Y, Z], or [X, Y, Z, 3] with three samples a pixel.

    X runs along the rows. One file is in memory at a time.

    Raises
    ------
    InputError
        The series is larger than the limit, a file's compression is unsupported, or its pixels are damaged.
    """
    rows, columns, samples = slices[0].shape
    shape = (columns, rows, len(slices), *((samples,) if samples > 1 else ()))
    check_size(shape, 1, limit)
    # Each slice is contiguous in memory, because slices are written one after another.
    array = np.empty((shape[2], *shape[:2], *shape[3:]), np.float32)
    by_file: dict[Path, list[int]] = {}
    for place, piece in enumerate(slices):
        by_file.setdefault(piece.file, []).append(place)
    for file, places in by_file.items():
        with reading(f"a DICOM file ({file.name})"):
            pictures = _pictures(file, [slices[place].frame for place in places])
            for place, picture in zip(places, pictures, strict=True):
                piece = slices[place]
                values = picture.astype(np.float64) * piece.slope + piece.intercept
                array[place] = values.swapaxes(0, 1)
    return np.moveaxis(array, 0, 2)


def _pictures(file: Path, frames: Sequence[int]) -> Iterator[np.ndarray]:
    """Stored values of frames of a file in the given order, [rows, columns], or [rows, columns, 3] for RGB."""
    from pydicom.pixels import get_decoder, iter_pixels

    header = open_dataset(file)
    encoding = header.file_meta.TransferSyntaxUID
    try:
        decoder = get_decoder(encoding)
    except NotImplementedError:
        decoder = None
    if decoder is None or not decoder.is_available:
        raise InputError(f"its file {file.name} is compressed as {encoding.name}, which is not read; decompress it")
    # Always the pinned decoder: lossy pictures differ in the last digit between decoders.
    plugin = "gdcm" if "gdcm" in decoder.available_plugins else ""
    return iter_pixels(header, indices=frames, decoding_plugin=plugin)
