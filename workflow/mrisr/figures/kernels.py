"""Estimated kernels of several slices, beside the bicubic and a Gaussian one (no figure of a paper)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mrisr.arrays import load
from mrisr.imaging.kernel import SIZE, bicubic_kernel
from mrisr.quality.kernel_shape import offset, support

from ._style import PAGE, Figure, fitting, styled

MOST_SLICES, MOST_ROWS = 6, 6
SIGMA = 1.5
"""Sigma of the Gaussian kernel that is shown for comparison, pixels."""
COLOURS = "magma"
TABLE = "kernels.csv"
COLUMNS = ("method", "subject", "slice", "status", "offset_rows", "offset_columns", "offset", "support", "largest")


@styled
def draw(rows: Mapping[str, Sequence[np.ndarray]]) -> Figure:
    """One row per subject: kernels of some slices, then their mean, each on a colour scale from 0 to its own maximum.

    The last row holds known kernels for comparison. Negative taps are black. Kernels are shown as they are applied, by
    cross-correlation: the upper left tap weighs the upper left pixel.

    Parameters
    ----------
    rows : {name: list of ndarray}
        Kernels [k, k] of each subject's slices.
    """
    shown = {name: _evenly([k for k in kernels if np.isfinite(k).all()]) for name, kernels in rows.items()}
    columns = max(5, *(len(kernels) + 1 for kernels in shown.values()))
    height = PAGE / (columns + 0.6)
    figure = Figure(figsize=(PAGE, (len(shown) + 1) * (height + 0.15)), layout="constrained")
    axes = figure.subplots(len(shown) + 1, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for line, (name, kernels) in zip(axes, shown.items(), strict=False):
        _name(line[0], name, height)
        for number, (ax, kernel) in enumerate(zip(line, kernels, strict=False), start=1):
            _kernel(ax, kernel, f"slice {number}")
        if kernels:
            _kernel(line[-1], np.mean([k for k in rows[name] if np.isfinite(k).all()], axis=0), "mean")
    _name(axes[-1, 0], "not estimated", height)
    for ax, (title, kernel) in zip(axes[-1], _references().items(), strict=False):
        _kernel(ax, kernel, title)
    return figure


class Kernels:
    """Estimated kernels of several slices, beside the bicubic and a Gaussian one (no figure of a paper)."""

    CATEGORY = "Degradations"
    ALWAYS = False
    READS = ("kernels",)
    FOR_EACH = ()
    OPTIONS = {}
    NUMBERS = ("kernels.csv",)

    @staticmethod
    def numbers(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
        """The table of a job: the place and the size of every kernel."""
        rows = []
        for name, path in reads["kernels"].items():
            tensors, metadata = load(path)
            method, _, subject = name.partition(" ")
            names = zip(metadata["slice_ids"], metadata["status"], tensors["kernels"], strict=True)
            for slice_id, status, kernel in names:
                row = {
                    "method": method,
                    "subject": subject,
                    "slice": int(slice_id.rpartition("/")[2]),
                    "status": status,
                }
                rows.append({**row, **_shape(kernel)})
        return {TABLE: pd.DataFrame(rows, columns=list(COLUMNS))}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figure of a job: file name without suffix, and figure."""
        rows = {name: list(load(path)[0]["kernels"]) for name, path in reads["kernels"].items()}
        (name,) = settings["pictures"]
        yield name, draw({key: rows[key] for key in list(rows)[:MOST_ROWS]})


def _shape(kernel: np.ndarray) -> dict[str, float]:
    """The columns of a kernel; blank without one."""
    if not np.isfinite(kernel).all():
        return {}
    rows, columns = offset(kernel)
    place = {"offset_rows": rows, "offset_columns": columns, "offset": float(np.hypot(rows, columns))}
    return {**place, "support": support(kernel), "largest": float(kernel.max())}


def _references() -> dict[str, np.ndarray]:
    places = np.arange(SIZE) - SIZE / 2
    gaussian = np.exp(-((places[:, None] ** 2 + places**2) / (2 * SIGMA**2)))
    return {"bicubic": bicubic_kernel(), f"Gaussian {SIGMA:g} px": gaussian / gaussian.sum()}


def _evenly(kernels: list[np.ndarray]) -> list[np.ndarray]:
    count = min(len(kernels), MOST_SLICES)
    return [kernels[(2 * place + 1) * len(kernels) // (2 * count)] for place in range(count)]


def _kernel(ax: Axes, kernel: np.ndarray, title: str) -> None:
    ax.imshow(kernel, cmap=COLOURS, vmin=0, vmax=float(kernel.max()))
    ax.set_title(title)


def _name(ax: Axes, name: str, height: float) -> None:
    place = {"rotation": 90, "ha": "right", "va": "center", "transform": ax.transAxes}
    ax.text(-0.08, 0.5, name, fontsize=fitting(name, height, 7.0), **place)
