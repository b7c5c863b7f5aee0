"""Pictures of one slice in rows and columns of equal tiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from ._style import OUTLINE, PAGE, SMALL, TALLEST, Figure, balanced, fitting

LEFT, RIGHT, GAP, BLOCK_GAP = 0.16, 0.58, 0.03, 0.1
"""Inches for the row names, the colour bars, the gap between tiles, and the gap below a block."""
LINE = 0.105
"""Height of a line of small text in inches."""
LARGEST = 1.8
"""Greatest width of a tile in inches."""
Box = tuple[int, int, int, int]
"""A part of a slice in pixels: top, left, height, width."""


class Tiles:
    """A figure of blocks, one below the other. A block has titles and rows of tiles, with one column per item.

    Parameters
    ----------
    count, most : int
        Number of items to show, and greatest number of columns in a block.
    rows : sequence of str
        Names of the rows of tiles in a block.
    shape : (height, width)
        Pixels of a slice. Every tile shows the whole slice, whatever the number of its own pixels.
    aspect : float
        Height of a pixel divided by its width.
    lines : int
        Number of lines in a title.
    """

    def __init__(
        self, count: int, *, most: int, rows: Sequence[str], shape: tuple[int, int], aspect: float, lines: int
    ):
        self.shape, self.rows = shape, list(rows)
        blocks, self.columns = balanced(count, most)
        self.above = LINE * lines + GAP
        ratio = aspect * shape[0] / shape[1]
        # Tall slices in many blocks must still fit the page.
        highest = (TALLEST / blocks - self.above - BLOCK_GAP) / len(rows) - GAP
        self.width = min((PAGE - LEFT - RIGHT) / self.columns - GAP, highest / ratio, LARGEST)
        self.height = self.width * ratio
        self.block = self.above + len(rows) * (self.height + GAP) + BLOCK_GAP
        self.size = LEFT + self.columns * (self.width + GAP) + RIGHT, blocks * self.block
        self.figure = Figure(figsize=self.size)
        for block in range(blocks):
            for row, name in enumerate(self.rows):
                _, bottom = self._corner(block * self.columns, row)
                self._text(LEFT / 2, bottom + self.height / 2, name, length=self.height, rotation=90, va="center")

    def axes(self, position: int, row: int) -> Axes:
        """The tile of an item in a row, without ticks, in pixels of the slice."""
        left, bottom = self._corner(position, row)
        ax = self._axes(left, bottom, self.width, self.height)
        ax.set(xticks=[], yticks=[], xlim=(0, self.shape[1]), ylim=(self.shape[0], 0))
        return ax

    def title(self, position: int, lines: Sequence[str], *, bold: bool = False) -> None:
        """Write the lines above an item, in a smaller font if they are too long."""
        left, bottom = self._corner(position, 0)
        for number, line in enumerate(reversed(lines)):
            y = bottom + self.height + GAP + number * LINE
            heavy = bold and number == len(lines) - 1
            self._text(left + self.width / 2, y, line, length=self.width, bold=heavy, va="bottom")

    def colour_bar(self, row: int, norm: Normalize, colours: str, label: str, *, extend: str = "max") -> None:
        """Add a colour bar at the right of one row, in every block."""
        for first in range(0, round(self.size[1] / self.block) * self.columns, self.columns):
            _, bottom = self._corner(first, row)
            ax = self._axes(self.size[0] - RIGHT + 0.02, bottom, 0.07, self.height)
            bar = self.figure.colorbar(ScalarMappable(norm, colours), cax=ax, extend=extend, extendfrac=0.04)
            bar.outline.set_linewidth(0.4)
            bar.locator.set_params(nbins=min(5, max(2, int(self.height / 0.2))))
            bar.ax.tick_params(labelsize=SMALL - 1)
            length = self.height + GAP
            self._text(self.size[0] - 0.07, bottom + self.height / 2, label, length=length, rotation=90, va="center")

    def _corner(self, position: int, row: int) -> tuple[float, float]:
        """Left and bottom of a tile in inches."""
        block, column = divmod(position, self.columns)
        left = LEFT + column * (self.width + GAP)
        top = self.size[1] - block * self.block - self.above
        return left, top - (row + 1) * (self.height + GAP) + GAP

    def _axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        across, up = self.size
        return self.figure.add_axes((left / across, bottom / up, width / across, height / up))

    def _text(self, x: float, y: float, text: str, *, length: float, bold: bool = False, **look) -> None:
        look |= {"size": fitting(text, length, SMALL, bold=bold), "weight": "bold" if bold else "normal"}
        self.figure.text(x / self.size[0], y / self.size[1], text, ha="center", **look)


def channels_last(image: np.ndarray) -> np.ndarray:
    """A slice [H, W] or [C, H, W] in [0, 1] as matplotlib shows it: [H, W] of grey values, or [H, W, 3]."""
    if image.ndim == 3 and image.shape[0] == 3:
        return np.moveaxis(np.clip(image, 0, 1), 0, -1)
    return grey(image)


def grey(image: np.ndarray) -> np.ndarray:
    """Mean over the channels, [H, W] float64."""
    image = np.asarray(image, np.float64)
    return image.mean(axis=0) if image.ndim == 3 else image


def brightest(image: np.ndarray) -> float:
    """The value to show as white, below the maximum: a few bright pixels (fat, vessels) would leave the rest dark."""
    return float(np.percentile(grey(image), 99.5)) or 1.0


def picture(ax: Axes, image: np.ndarray, shape: tuple[int, int], white: float) -> None:
    """Show a slice stretched over ``shape`` in pixels. A slice on the low grid has the same physical size."""
    extent = (0, shape[1], shape[0], 0)
    ax.imshow(channels_last(image), cmap="gray", vmin=0, vmax=white, extent=extent, aspect="auto")


def mark(ax: Axes, box: Box) -> None:
    """Outline a part of a slice."""
    top, left, height, width = box
    ax.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=OUTLINE, linewidth=0.6))


def zoom(ax: Axes, image: np.ndarray, shape: tuple[int, int], white: float, box: Box) -> None:
    """Show a part of a slice, as large as the axes."""
    top, left, height, width = box
    picture(ax, image, shape, white)
    ax.set(xlim=(left, left + width), ylim=(top + height, top), xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(edgecolor=OUTLINE, linewidth=0.6)
