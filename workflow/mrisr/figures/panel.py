"""The output of every training set's model for one degraded slice, and its errors (training-bias, Figure 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import scipy.ndimage
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mrisr import metrics
from mrisr.pairs import Pair

from ._estimates import estimators
from ._shown import restored
from ._style import styled
from ._test_slices import View, shown_pair
from ._tiles import Box, Tiles, brightest, grey, mark, picture, zoom

ZOOM, INSET = 0.2, 0.42
"""Side of the enlarged part as a fraction of the slice's shorter side; side of the inset as a fraction of the tile."""
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
    mark_matched: bool = True,
) -> Figure:
    """Ground truth, input and every model's output, with scores and an enlarged part. Below are the absolute errors.

    Parameters
    ----------
    reference : ndarray
        The slice [H, W] or [C, H, W] in [0, 1]. All images have to be oriented already.
    degraded : ndarray
        The models' input, on the slice's own grid or on a coarser one (then without an error map).
    estimates : {training set: ndarray like the reference}
        Outputs. The output of the model trained on ``test_set`` is marked, if ``mark_matched`` is set.
    scores : {training set or "input": {label: value}}, optional
        Scores for the titles. The labels are shown above the ground truth.
    aspect : float
        Height of a pixel divided by its width.
    box : (top, left, height, width), optional
        The part to enlarge, in pixels; by default where the outputs differ most.
    """
    shape, scores = reference.shape[-2:], scores or {}
    images = {"ground truth": reference, f"input ({test_set})": degraded, **estimates}
    most, lines = (5 if len(images) <= 10 else 7), (2 if scores else 1)
    tiles = Tiles(len(images), most=most, rows=("slice", "error"), shape=shape, aspect=aspect, lines=lines)
    box = _most_different(list(estimates.values()), reference, aspect) if box is None else box
    white, inset = brightest(reference), _inset(reference, box, aspect)
    for position, (name, image) in enumerate(images.items()):
        ax = tiles.axes(position, 0)
        picture(ax, image, shape, white)
        mark(ax, box)
        zoom(ax.inset_axes(inset), image, shape, white, box)
        matched = mark_matched and position > 1 and name == test_set
        title = [f"{name} (matched)" if matched else name, _score_line(position, name, scores)]
        tiles.title(position, title[:lines], bold=matched)
    _draw_errors(tiles, list(images.values()))
    return tiles.figure


class Panel:
    """The output of every training set's model for one degraded slice, and its errors (training-bias, Figure 4)."""

    CATEGORY = "Pictures"
    ALWAYS = True
    READS = ("shown_models", "shown_baselines")
    FOR_EACH = ("test_set", "model")
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The panels of a job, for which each model is run on the slice: file name without suffix, and figure."""
        for name, shown in settings["pictures"].items():
            files = reads["test_sets"][shown["test_set"]]
            pair = shown_pair(files, settings)
            view = View.of(files["references"][pair.subject])
            found = estimators(reads, settings, shown)
            estimates = {training_set: estimate(pair.degraded) for training_set, estimate in found}
            if "baselines" in settings:
                estimates = _before(restored(settings, pair.degraded), estimates)
            yield (
                name,
                draw(
                    view(pair.reference),
                    view(pair.degraded),
                    {training_set: view(image) for training_set, image in estimates.items()},
                    test_set=shown["test_set"],
                    scores=_scores(pair, estimates),
                    aspect=view.aspect,
                ),
            )


def _before(baselines: Mapping[str, np.ndarray], models: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Baselines, then models. A baseline with the name of a training set is called so."""
    return {f"{name} (baseline)" if name in models else name: image for name, image in baselines.items()} | {**models}


def _scores(pair: Pair, estimates: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    is_comparable = pair.degraded.shape == pair.reference.shape
    return measured(pair, {**estimates, "input": pair.degraded} if is_comparable else estimates)


def measured(pair: Pair, images: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """The scores of images, by their label."""
    return {
        name: {metric.upper(): metrics.compute(metric, pair.reference, image) for metric in ("psnr", "ssim")}
        for name, image in images.items()
    }


def _score_line(position: int, name: str, scores: Mapping[str, Mapping[str, float]]) -> str:
    """The scores of an image. The ground truth has none, so their labels are shown above it."""
    if position == 0:
        return " / ".join(dict.fromkeys(label for values in scores.values() for label in values))
    return " / ".join(_number(value) for value in scores.get("input" if position == 1 else name, {}).values())


def _draw_errors(tiles: Tiles, images: list[np.ndarray]) -> None:
    """Absolute errors, on one common scale, of all images with the size of the reference, which is the first."""
    reference, shape = grey(images[0]), images[0].shape
    errors = {
        position: np.abs(grey(image) - reference)
        for position, image in enumerate(images)
        if position and image.shape == shape
    }
    norm = _error_norm(errors.values())
    for position, error in errors.items():
        extent = (0, shape[-1], shape[-2], 0)
        tiles.axes(position, 1).imshow(error, cmap=ERROR_COLOURS, norm=norm, extent=extent, aspect="auto")
    tiles.colour_bar(1, norm, ERROR_COLOURS, "absolute error")


def _number(value: float) -> str:
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "∞"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"


def _error_norm(errors: Iterable[np.ndarray]) -> Normalize:
    """One scale for all error maps. It ignores the few largest errors, which would leave the rest dark."""
    highest = max((float(np.percentile(error, 99.5)) for error in errors), default=0.0)
    return Normalize(0, highest or 1.0)


def _most_different(images: list[np.ndarray], reference: np.ndarray, aspect: float) -> Box:
    """The part, square in millimetres, where the images differ most. A single image is compared with the reference."""
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
    """Left, bottom, width and height, as fractions of the tile, of an inset with the proportions of the box.

    It is in the corner where it hides least of the slice and nothing of the box.
    """
    image = grey(reference).copy()
    height, width = image.shape
    enlarged = INSET * min(height * aspect, width) / max(box[2] * aspect, box[3])
    rows, columns = (min(side, round(enlarged * part)) for side, part in zip(image.shape, box[2:], strict=True))
    image[box[0] : box[0] + box[2], box[1] : box[1] + box[3]] += image.size
    corners = [(top, left) for top in (height - rows, 0) for left in (0, width - columns)]
    top, left = min(corners, key=lambda c: image[c[0] : c[0] + rows, c[1] : c[1] + columns].mean())
    return left / width, 1 - (top + rows) / height, columns / width, rows / height
