"""Names and purposes that, with the seed, determine the random numbers of a slice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from mrisr.errors import InputError

WEIGHTS, CROPS, NOISE = range(3)
"""Purposes of random numbers. Each purpose has its own stream."""


def content_id(*images: np.ndarray) -> str:
    """SHA-256 over the shapes and values of a slice's images."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(f"{image.shape}".encode())
        digest.update(np.ascontiguousarray(image, np.float32).tobytes())
    return digest.hexdigest()


def require_ids(slice_ids: Sequence[str | int], count: int) -> list[str]:
    """The ids as text; an `InputError` unless there are ``count`` different ones."""
    ids = [str(slice_id) for slice_id in slice_ids]
    if len(ids) != count:
        raise InputError(f"kernels: {len(ids)} slice ids are given for {count} slices; give one for each")
    if len(set(ids)) < count:
        twice = next(name for name in ids if ids.count(name) > 1)
        raise InputError(f"kernels: the slice id '{twice}' is given twice; a slice's random numbers follow from its id")
    return ids
