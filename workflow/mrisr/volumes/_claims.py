"""Checks what a file claims to hold, before memory is allocated for it and before voxels are decoded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import IO

from mrisr.errors import InputError

LIMIT = 4.0
"""Largest volume that is read, in GiB, unless a study says otherwise."""
MAXIMUM_RATIO = 2000
"""Greatest compression ratio that is believed: deflate reaches 1032, LZW 1365."""
SLACK = 2**24
"""Bytes that a compressed file may hold beyond its voxels: the footers of some formats and programs."""
BLOCK = 2**20
_GIB = 2**30
_READ_AS = 4
"""Bytes of a voxel as float32, as which all volumes are read."""


def check_claim(shape: Sequence[int], itemsize: int, *, stored: int | None, compressed: bool, limit: float) -> None:
    """Refuse a header that claims more than the file can hold, or more than the limit.

    Parameters
    ----------
    shape : sequence of int
        Dimensions according to the header, with those of further volumes and of channels.
    itemsize : int
        Bytes per voxel.
    stored : int or None
        Bytes that the file holds for the voxels, None if unknown.
    compressed : bool
        Whether the voxels are compressed.
    limit : float
        Largest size, see `check_size`.

    Raises
    ------
    InputError
        There are no voxels, or more than the file can hold or than the limit allows.
    """
    if not shape or min(shape) < 1:
        raise InputError(f"its header gives the size {times(shape)}, so there are no voxels; write the file again")
    voxels = math.prod(int(n) for n in shape)
    if stored is not None and not compressed and voxels * itemsize > stored:
        raise InputError(f"is truncated: it should hold {voxels * itemsize} bytes of voxels, it has {stored}")
    if stored is not None and voxels > MAXIMUM_RATIO * stored // itemsize:
        raise InputError(f"its header claims {times(shape)} voxels, more than the file can hold; it is damaged")
    check_size(shape, itemsize, limit)


def check_size(shape: Sequence[int], itemsize: int, limit: float) -> None:
    """Raise `InputError` if the voxels of a shape exceed the limit.

    Parameters
    ----------
    shape : sequence of int
    itemsize : int
        Bytes per voxel in the file. A voxel counts with at least the 4 bytes of float32.
    limit : float
        Largest size in GiB (2^30 bytes).
    """
    size = math.prod(int(n) for n in shape) * max(itemsize, _READ_AS) / _GIB
    if size > limit:
        raise _too_large(f"holds {times(shape)} voxels, {size:.4g} GiB once they are read", limit)


def read_through(file: IO[bytes], claimed: int, limit: float) -> None:
    """Read a compressed file to its end in blocks. This also verifies its checksum.

    Parameters
    ----------
    file : binary file
        What it gives is already decompressed.
    claimed : int
        Bytes that its header speaks of.
    limit : float
        See `check_size`.

    Raises
    ------
    InputError
        It expands to more than its header speaks of. It is not read any further.
    """
    read = 0
    while block := file.read(BLOCK):
        read += len(block)
        if read > claimed + SLACK:
            raise InputError(
                f"expands to more than {read} bytes, and its header speaks of {claimed}; it is damaged, or made to "
                f"fill the memory (the limit is {limit:g} GiB, slices.limit_gib)"
            )


def check_expanded(blocks: Iterable[bytes], limit: float) -> None:
    """Raise `InputError` as soon as blocks add up to more bytes than the limit in GiB; no header says their size."""
    read = 0
    for block in blocks:
        read += len(block)
        if read > limit * _GIB:
            raise _too_large(f"expands to more than {read / _GIB:.4g} GiB", limit)


def times(shape: Sequence[int]) -> str:
    """A shape in words."""
    return " x ".join(map(str, shape))


def _too_large(what: str, limit: float) -> InputError:
    return InputError(f"{what}; the limit is {limit:g} GiB; raise slices.limit_gib if the file is what it should be")
