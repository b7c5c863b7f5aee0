"""Intensities along a line through one slice, original and degraded (realistic-downsampling, Figure 6a)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from ._degraded import degraded_slice
from ._style import OUTLINE, PAGE, Figure, legend_grid, looks, styled
from ._tiles import brightest, grey, picture

HEIGHT, LEGEND_ROW = 2.3, 0.15


@styled
def draw(
    images: Mapping[str, np.ndarray], *, aspect: float = 1.0, line: int | None = None, names: Sequence[str] = ()
) -> Figure:
    """The first image with the line, and every image's intensity along it.

    Parameters
    ----------
    images : {name: ndarray}
        The original slice first, [H, W] or [C, H, W] in [0, 1], oriented already. The others are on its grid or on a
        coarser one; coarser pixels lie at the centres of the blocks that they cover.
    aspect : float
        Height of a pixel divided by its width.
    line : int, optional
        Row of the original; by default the row in which the intensity changes most.
    names : sequence of str, optional
        All names of the study, so that each has the same colour in every figure.
    """
    original = next(iter(images.values()))
    shape = original.shape[-2:]
    line = busiest_line(original) if line is None else line
    rows, columns = legend_grid(images)
    figure = Figure(figsize=(PAGE, HEIGHT + rows * LEGEND_ROW), layout="constrained")
    shown, ax = figure.subplots(1, 2, width_ratios=(1, 2))
    picture(shown, original, shape, brightest(original))
    shown.axhline(line + 0.5, color=OUTLINE, linewidth=0.8)
    shown.set(xticks=[], yticks=[], aspect=aspect)
    styles = looks([*names, *images])
    for name, image in images.items():
        ax.plot(*profile(image, line, shape), styles[name].dash, color=styles[name].colour, label=name)
    ax.set(xlabel="pixel of the original", ylabel="intensity", xlim=(0, shape[1] - 1))
    ax.grid(True)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=columns)
    return figure


class Profile:
    """Intensities along a line through one slice, original and degraded (realistic-downsampling, Figure 6a)."""

    CATEGORY = "Degradations"
    ALWAYS = False
    READS = ("training_slices",)
    FOR_EACH = ()
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figure of a job: file name without suffix, and figure."""
        images, aspect = degraded_slice(reads, settings)
        (name,) = settings["pictures"]
        yield name, draw(images, aspect=aspect, names=list(images))


def profile(image: np.ndarray, line: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Intensities of an image along a line, and their positions in pixels of a grid of ``shape``.

    The image covers the same field of view as the grid. The pixels of a coarser image lie at the centres of blocks;
    between two of its rows it is interpolated.
    """
    image = grey(image)
    height, width = image.shape
    row = (line + 0.5) * height / shape[0] - 0.5
    columns = np.arange(width)
    values = ndimage.map_coordinates(image, [np.full(width, row), columns], order=1, mode="nearest")
    return (columns + 0.5) * shape[1] / width - 0.5, values


def busiest_line(image: np.ndarray) -> int:
    """The row with the greatest sum of intensity changes from pixel to pixel."""
    return int(np.argmax(np.abs(np.diff(grey(image), axis=1)).sum(axis=1)))
