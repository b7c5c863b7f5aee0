"""Turns pictures upright, as EXIF and TIFF say with the element Orientation and as every viewer does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

TAG = 274
"""Number of the element Orientation."""
NOTE = "turned upright as its element Orientation says"
_MARK = b"Exif\0\0"
_LONGEST = 65533
"""Bytes of the longest segment of a JPEG file."""
_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""What makes a picture of an orientation upright. 1 is upright already."""
_ON_ITS_SIDE = (5, 6, 7, 8)


def upright(image: np.ndarray, orientation: int, notes: list[str]) -> np.ndarray:
    """A picture [H, W] or [H, W, C] turned upright, with a note if it is turned."""
    if orientation not in _TURNS:
        return image
    notes += [] if NOTE in notes else [NOTE]
    return _TURNS[orientation](image)


def turned(sides: Sequence[int], orientation: int) -> tuple[int, int]:
    """Rows and columns of a picture once it is upright."""
    rows, columns = sides
    return (columns, rows) if orientation in _ON_ITS_SIDE else (rows, columns)


def orientation_of_jpeg(header: bytes) -> int:
    """The orientation in the bytes of a JPEG file before its pixels; 1 if there is none."""
    from PIL import Image

    start = header.find(_MARK)
    if start < 0:
        return 1
    exif = Image.Exif()
    try:
        exif.load(header[start : start + _LONGEST])
        return int(exif.get(TAG, 1))
    except Exception:
        # Damaged EXIF says nothing. Viewers then show the pixels as they are stored.
        return 1
