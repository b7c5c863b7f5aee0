"""PNG pictures of grey with transparency, read by Pillow. ITK has no type for pixels of two components."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from mrisr.errors import InputError

_HEAD = struct.Struct(">8s4x4sIIBB")
_GREY, _GREY_ALPHA = 0, 4
_START = 65536
"""Bytes in which the element with the transparent grey stands, before the pixels."""


def size(file: Path) -> tuple[int, int] | None:
    """Height and width of a grey picture with transparency by its header; None for any other picture.

    Raises
    ------
    InputError
        It has 16 bits and alpha, of which Pillow keeps 8.
    """
    with open(file, "rb") as opened:
        start = opened.read(_START)
    if len(start) < _HEAD.size:
        return None
    mark, name, width, height, bits, colour = _HEAD.unpack_from(start)
    if mark != b"\x89PNG\r\n\x1a\n" or name != b"IHDR":
        return None
    if colour == _GREY_ALPHA and bits > 8:
        raise InputError("is grey of 16 bits with an alpha channel, which is not read; save it without alpha")
    clear = colour == _GREY and b"tRNS" in start.partition(b"IDAT")[0]
    return (height, width) if colour == _GREY_ALPHA or clear else None


def read(file: Path) -> np.ndarray:
    """The grey of such a picture and what else it has, [H, W] or [H, W, 2]."""
    from PIL import Image

    with Image.open(file) as image:
        return np.array(image)
