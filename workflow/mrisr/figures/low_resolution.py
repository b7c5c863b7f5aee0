"""The low-resolution images of one training slice, beside the scan (realistic-downsampling, Figures 3 and 6b)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mrisr.arrays import Cache, load_slices, stored_slices
from mrisr.imaging.orientation import orient, pixel_aspect

from ._shown import chosen_slice
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
        index = chosen_slice(stored_slices(reads["slices"], Cache(0)), settings)
        files = {"original": reads["slices"], **reads["degraded"]}
        _, metadata = load_slices(reads["slices"], [])
        affine, axis = metadata["affine"], metadata["axis"]
        images = {name: orient(load_slices(path, [index])[0][index], affine, axis) for name, path in files.items()}
        (name,) = settings["pictures"]
        yield name, draw(images, aspect=pixel_aspect(affine, axis))


def _middle(shape: tuple[int, int]) -> Box:
    """A part in the middle with the proportions of the slice."""
    height, width = (max(4, round(ZOOM * side)) for side in shape)
    return (shape[0] - height) // 2, (shape[1] - width) // 2, height, width
