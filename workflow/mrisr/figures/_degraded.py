"""Reads one training slice and its degraded versions, for the figures that lay them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mrisr.arrays import Cache, load_slices, stored_slices
from mrisr.imaging.orientation import orient, pixel_aspect

from ._shown import chosen_slice


def degraded_slice(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], float]:
    """The chosen slice, ``original`` first, and under each degradation, oriented; and the aspect of its pixels."""
    index = chosen_slice(stored_slices(reads["slices"], Cache(0)), settings)
    _, metadata = load_slices(reads["slices"], [])
    affine, axis = metadata["affine"], metadata["axis"]
    files = {"original": reads["slices"], **reads["degraded"]}
    images = {name: orient(load_slices(path, [index])[0][index], affine, axis) for name, path in files.items()}
    return images, pixel_aspect(affine, axis)
