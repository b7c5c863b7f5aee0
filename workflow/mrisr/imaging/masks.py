"""Masks of slices: safetensors files with one mask for each slice of a subject."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.arrays import load, save
from mrisr.errors import InputError

PREFIX = "mask/"


def save_masks(path: str | os.PathLike, masks: Mapping[int, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write masks {index of the slice: bool [H, W]} as tensors ``mask/<index:04d>`` of zeros and ones, uint8."""
    save(path, {f"{PREFIX}{index:04d}": np.asarray(mask, np.uint8) for index, mask in masks.items()}, metadata)


def load_masks(path: str | os.PathLike) -> dict[int, np.ndarray]:
    """Read what `save_masks` wrote. `InputError` if the file is missing, damaged or holds no mask."""
    tensors, _ = load(Path(path))
    masks = {int(name.removeprefix(PREFIX)): tensor > 0 for name, tensor in tensors.items() if name.startswith(PREFIX)}
    if not masks or any(mask.ndim != 2 for mask in masks.values()):
        raise InputError(f"{path}: holds no masks of slices; delete it and run again")
    return masks
