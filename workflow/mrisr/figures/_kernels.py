"""What the figures of kernels share: a row's name, a map over the taps, and the names in a table."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ._style import TEXT, fitting

TAPS = "magma"
"""The colours of a kernel's taps."""


def name_row(ax: Axes, name: str, height: float) -> None:
    """Write a name upwards, left of a row's first panel, so that it fits into ``height`` inches."""
    place = {"rotation": 90, "ha": "right", "va": "center", "transform": ax.transAxes}
    ax.text(-0.08, 0.5, name, fontsize=fitting(name, height, TEXT), **place)


def draw_map(ax: Axes, values: np.ndarray, title: str, colours: str = TAPS) -> None:
    """A map [k, k] on a colour scale from 0 to its own maximum. Negative values have the colour of 0."""
    ax.imshow(values, cmap=colours, vmin=0, vmax=float(values.max()) or 1.0)
    ax.set_title(title)
    ax.set_axis_off()


def row_names(name: str, slice_id: str) -> dict[str, str | int]:
    """Method, subject and slice of a table's row, from the name of a file of kernels and the slice's identifier."""
    method, _, subject = name.partition(" ")
    return {"method": method, "subject": subject, "slice": int(slice_id.rpartition("/")[2])}


def is_found(kernels: np.ndarray) -> np.ndarray:
    """Which of the kernels [..., k, k] exist. One that was not found is NaN."""
    return np.isfinite(kernels).all((-2, -1))
