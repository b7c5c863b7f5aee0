"""The low-resolution images of one training slice, beside the scan (realistic-downsampling, Figures 3 and 6b)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ._degraded import degraded_slice
from ._style import styled
from ._tiles import Box, Tiles, brightest, mark, picture, zoom

ZOOM, MOST = 0.3, 5
"""Side of the enlarged part as a fraction of the slice's side; number of images in a row."""


@styled
def draw(images: Mapping[str, np.ndarray], *, aspect: float = 1.0, box: Box | None = None) -> Figure:
    """Every image, with an enlarged part below it.

    Parameters
    ----------
    images : {name: ndarray}
        The original slice first, [H, W] or [C, H, W] in [0, 1], oriented already. The others are on its grid or on a
        coarser one.
    aspect : float
        Height of a pixel divided by its width.
    box : (top, left, height, width), optional
        The part to enlarge, in pixels of the original; by default in the middle.
    """
    original = next(iter(images.values()))
    shape, white = original.shape[-2:], brightest(original)
    box = _middle(shape) if box is None else box
    tiles = Tiles(len(images), most=MOST, rows=("slice", "detail"), shape=shape, aspect=aspect, lines=1)
    for position, (name, image) in enumerate(images.items()):
        tiles.title(position, [name])
        ax = tiles.axes(position, 0)
        picture(ax, image, shape, white)
        mark(ax, box)
        zoom(tiles.axes(position, 1), image, shape, white, box)
    return tiles.figure


class LowResolution:
    """The low-resolution images of one training slice, beside the scan (realistic-downsampling, Figures 3 and 6b)."""

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
        yield name, draw(images, aspect=aspect)


def _middle(shape: tuple[int, int]) -> Box:
    """A part in the middle with the proportions of the slice."""
    height, width = (max(4, round(ZOOM * side)) for side in shape)
    return (shape[0] - height) // 2, (shape[1] - width) // 2, height, width
