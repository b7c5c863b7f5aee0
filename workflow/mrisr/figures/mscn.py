"""How natural degraded images look: MSCN coefficients and their products (realistic-downsampling, Figure 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from scipy import ndimage

from mrisr.arrays import load_slices
from mrisr.quality.mscn import FIGURE_SIGMA, mscn, neighbour_product

from ._style import PAGE, Figure, legend_grid, looks, styled
from ._tiles import grey

HEIGHT, LEGEND_ROW = 2.3, 0.15
BINS = 120
WITHIN = 99.0
"""Percentage of the values that the axis covers, for the image with the widest distribution."""
BACKGROUND = 0.1
"""A pixel whose local mean is at most this is background, as by the default of ``slices.empty``."""
LABELS = ("MSCN coefficient", "product of diagonal neighbours")


@styled
def draw(images: Mapping[str, Sequence[np.ndarray]], *, names: Sequence[str] = ()) -> Figure:
    """Two panels: the densities of the coefficients and of the products of diagonal neighbours.

    The window is 7 x 7 with a sigma of one pixel, as in the paper. Only pixels with a local mean above `BACKGROUND`
    count, because the coefficients of air are close to zero and would hide those of the anatomy.

    Parameters
    ----------
    images : {name: slices}
        Slices [H, W] or [C, H, W] in [0, 1] whose values are pooled, on any grid.
    names : sequence of str, optional
        All names of the study, so that each has the same colour in every figure.
    """
    coefficients = {name: [_of_anatomy(grey(image)) for image in slices] for name, slices in images.items()}
    rows, columns = legend_grid(images)
    figure = Figure(figsize=(PAGE, HEIGHT + rows * LEGEND_ROW), layout="constrained")
    panels = zip(figure.subplots(1, 2), LABELS, (np.ravel, _products), strict=True)
    for ax, label, values_of in panels:
        _draw_densities(ax, {name: _pooled(found, values_of) for name, found in coefficients.items()}, names)
        ax.set(xlabel=label, ylabel="density", ylim=(0, None))
        ax.grid(True)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


class MSCN:
    """How natural degraded images look: MSCN coefficients and their products (realistic-downsampling, Figure 5)."""

    CATEGORY = "Degradations"
    ALWAYS = False
    READS = ("training_slices",)
    FOR_EACH = ()
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figure of a job, over all slices of a subject: file name without suffix, and figure."""
        files = {"original": reads["slices"], **reads["degraded"]}
        images = {name: list(load_slices(path)[0].values()) for name, path in files.items()}
        (name,) = settings["pictures"]
        yield name, draw(images, names=list(files))


def _of_anatomy(image: np.ndarray) -> np.ndarray:
    """Coefficients [H, W], NaN in the background."""
    around = ndimage.gaussian_filter(image, FIGURE_SIGMA, mode="nearest")
    return np.where(around > BACKGROUND, mscn(image, border="replicate"), np.nan)


def _products(coefficients: np.ndarray) -> np.ndarray:
    return neighbour_product(coefficients, "diagonal").ravel()


def _pooled(coefficients: Sequence[np.ndarray], values_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    values = np.concatenate([values_of(found) for found in coefficients])
    return values[np.isfinite(values)]


def _draw_densities(ax: Axes, values: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """One line per name. Values beyond the axis count in the density."""
    limit = max((float(np.percentile(np.abs(found), WITHIN)) for found in values.values() if found.size), default=1.0)
    edges, styles = np.linspace(-limit, limit, BINS + 1), looks([*names, *values])
    for name, found in values.items():
        counts, _ = np.histogram(found, edges)
        density = counts / (max(found.size, 1) * (edges[1] - edges[0]))
        ax.plot((edges[1:] + edges[:-1]) / 2, density, styles[name].dash, color=styles[name].colour, label=name)
    ax.set_xlim(-limit, limit)
