"""What every training set's model makes of one degraded slice, and where it errs (training-bias, Figure 4)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.ndimage
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ._style import styled
from ._tiles import Box, Tiles, brightest, grey, mark, picture, zoom

ZOOM, INSET = 0.2, 0.42
"""Side of the part that is enlarged, of the slice's shorter side; side of the inset, of the tile's."""
ERROR_COLOURS = "magma"


@styled
def draw(
    reference: np.ndarray,
    degraded: np.ndarray,
    estimates: Mapping[str, np.ndarray],
    *,
    test_set: str,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    aspect: float = 1.0,
    box: Box | None = None,
) -> Figure:
    """Ground truth, input and every model's output with its scores and an enlarged part; below, the absolute errors.

    Parameters
    ----------
    reference : ndarray
        The slice [H, W] or [C, H, W] in [0, 1]; orient it first, with everything else.
    degraded : ndarray
        What the models were given, on the slice's own grid or a coarser one (then without an error map).
    estimates : {training set: ndarray as the reference}
        Outputs; the one that was trained on ``test_set`` is marked.
    scores : {training set or "input": {label: value}}, optional
        For the titles; the labels stand above the ground truth.
    aspect : float
        Height of a pixel over its width.
    box : (top, left, height, width), optional
        The part to enlarge, in pixels; by default where the outputs differ most.
    """
    shape, scores = reference.shape[-2:], scores or {}
    images = {"ground truth": reference, f"input ({test_set})": degraded, **estimates}
    most = 5 if len(images) <= 10 else 7
    lines = 2 if scores else 1
    tiles = Tiles(len(images), most=most, rows=("slice", "error"), shape=shape, aspect=aspect, lines=lines)
    box = _most_different(list(estimates.values()), reference, aspect) if box is None else box
    white, inset = brightest(reference), _inset(reference, box, aspect)
    errors = [
        np.abs(grey(image) - grey(reference)) if image.shape == reference.shape else None
        for image in list(images.values())[1:]
    ]
    norm = _error_norm(errors)
    for position, (name, image) in enumerate(images.items()):
        ax = tiles.axes(position, 0)
        picture(ax, image, shape, white)
        mark(ax, box)
        zoom(ax.inset_axes(inset), image, shape, white, box)
        measured = scores.get("input" if position == 1 else name, {})
        key = " / ".join(dict.fromkeys(label for values in scores.values() for label in values))
        values = " / ".join(_number(value) for value in measured.values()) if position else key
        matched = position > 1 and name == test_set
        tiles.title(position, [f"{name} (matched)" if matched else name, values][:lines], bold=matched)
        if position and errors[position - 1] is not None:
            below = tiles.axes(position, 1)
            extent = (0, shape[1], shape[0], 0)
            below.imshow(errors[position - 1], cmap=ERROR_COLOURS, norm=norm, extent=extent, aspect="auto")
    tiles.colour_bar(1, norm, ERROR_COLOURS, "absolute error")
    return tiles.figure


def _number(value: float) -> str:
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "∞"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"


def _error_norm(errors: list[np.ndarray | None]) -> Normalize:
    """One scale for all error maps, without the few largest errors, that would leave the rest dark."""
    highest = max((float(np.percentile(error, 99.5)) for error in errors if error is not None), default=0.0)
    return Normalize(0, highest or 1.0)


def _most_different(images: list[np.ndarray], reference: np.ndarray, aspect: float) -> Box:
    """The part, square in millimetres, where the images differ most from each other (one alone: from the reference)."""
    height, width = reference.shape[-2:]
    side = ZOOM * min(height * aspect, width)
    size = max(4, round(side / aspect)), max(4, round(side))
    spread = np.std([grey(image) for image in ([*images, reference] if len(images) < 2 else images)], axis=0)
    mean = scipy.ndimage.uniform_filter(spread, size, mode="constant")
    tops, lefts = np.arange(height - size[0] + 1), np.arange(width - size[1] + 1)
    inside = mean[np.ix_(tops + size[0] // 2, lefts + size[1] // 2)]
    top, left = np.unravel_index(np.argmax(inside), inside.shape)
    return int(top), int(left), *size


def _inset(reference: np.ndarray, box: Box, aspect: float) -> tuple[float, float, float, float]:
    """Left, bottom, width and height, as parts of the tile, of an inset with the form of the box.

    It stands in that corner where it hides least of the slice and nothing of the box.
    """
    image = grey(reference).copy()
    height, width = image.shape
    enlarged = INSET * min(height * aspect, width) / max(box[2] * aspect, box[3])
    rows, columns = (min(side, round(enlarged * part)) for side, part in zip(image.shape, box[2:], strict=True))
    image[box[0] : box[0] + box[2], box[1] : box[1] + box[3]] += image.size
    corners = [(top, left) for top in (height - rows, 0) for left in (0, width - columns)]
    top, left = min(corners, key=lambda c: image[c[0] : c[0] + rows, c[1] : c[1] + columns].mean())
    return left / width, 1 - (top + rows) / height, columns / width, rows / height
