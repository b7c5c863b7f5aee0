"""Formula-defined images in [0, 1], and the values that other programs compute from them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

REFERENCE = json.loads((Path(__file__).parent / "data" / "brisque.json").read_text())
"""Made once outside this project from `picture`; where each number comes from stands in the file."""


def picture(name: str) -> np.ndarray:
    """Formula-defined images in [0, 1] without flat parts, where signs would be rounding errors."""
    height, width = {"waves": (64, 80), "edges": (96, 72), "noise": (80, 80), "smooth": (64, 64)}[name]
    row, column = np.meshgrid(np.arange(height) / 64, np.arange(width) / 64, indexing="ij")
    if name == "waves":
        return 0.5 + 0.25 * np.sin(11 * row + 3 * column**2) + 0.2 * np.cos(17 * column - 5 * row * column)
    if name == "edges":
        disc = (row - 0.5) ** 2 + (column - 0.6) ** 2 < 0.2
        return 0.3 + 0.1 * row + 0.3 * disc + 0.2 * np.cos(40 * row * column)
    if name == "noise":
        noise = np.sin(1000 * np.arange(height * width) ** 2 / 7919.0).reshape(height, width)
        return 0.5 + 0.25 * np.sin(7 * row) * np.cos(9 * column) + 0.2 * noise
    return 0.5 + 0.3 * np.sin(3 * row) * np.cos(2 * column) + 0.1 * np.tanh(20 * (row - column))


def plateau(level: float) -> np.ndarray:
    """The picture ``edges`` with a part that is constant over many windows, such as clipped fat or air."""
    image = picture("edges").copy()
    image[20:60, 15:50] = level
    return image
