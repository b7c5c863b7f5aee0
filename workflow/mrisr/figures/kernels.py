"""Estimated kernels of several slices, beside the bicubic and a Gaussian one (no figure of a paper)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mrisr.arrays import load
from mrisr.imaging.kernel import SIZE, bicubic_kernel
from mrisr.quality.kernel_shape import offset, support

from ._kernels import draw_map, is_found, name_row, row_names
from ._style import PAGE, Figure, styled

MOST_SLICES, MOST_ROWS = 6, 6
SIGMA = 1.5
"""Sigma of the Gaussian kernel that is shown for comparison, pixels."""
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
    shown = {name: _evenly([kernel for kernel in kernels if is_found(kernel)]) for name, kernels in rows.items()}
    columns = max(5, *(len(kernels) + 1 for kernels in shown.values()))
    height = PAGE / (columns + 0.6)
    figure = Figure(figsize=(PAGE, (len(shown) + 1) * (height + 0.15)), layout="constrained")
    axes = figure.subplots(len(shown) + 1, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for line, (name, kernels) in zip(axes, shown.items(), strict=False):
        name_row(line[0], name, height)
        for number, (ax, kernel) in enumerate(zip(line, kernels, strict=False), start=1):
            draw_map(ax, kernel, f"slice {number}")
        if kernels:
            draw_map(line[-1], np.mean([kernel for kernel in rows[name] if is_found(kernel)], axis=0), "mean")
    name_row(axes[-1, 0], "not estimated", height)
    for ax, (title, kernel) in zip(axes[-1], _references().items(), strict=False):
        draw_map(ax, kernel, title)
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
            names = zip(metadata["slice_ids"], metadata["status"], tensors["kernels"], strict=True)
            for slice_id, status, kernel in names:
                rows.append({**row_names(name, slice_id), "status": status, **_shape(kernel)})
        return {TABLE: pd.DataFrame(rows, columns=list(COLUMNS))}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figure of a job: file name without suffix, and figure."""
        rows = {name: list(load(path)[0]["kernels"]) for name, path in reads["kernels"].items()}
        (name,) = settings["pictures"]
        yield name, draw({key: rows[key] for key in list(rows)[:MOST_ROWS]})


def _shape(kernel: np.ndarray) -> dict[str, float]:
    """The columns of a kernel; blank without one."""
    if not is_found(kernel):
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
