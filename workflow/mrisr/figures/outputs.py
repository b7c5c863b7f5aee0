"""The outputs of all models for several test images (efficient-sr, Figures 5 to 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mrisr.pairs import Pair, read_pairs
from mrisr.statistics.order import MODEL, Order
from mrisr.statistics.scores import read

from ._estimates import titled_estimators
from ._shown import chosen_slice
from ._style import PAGE, SMALL, TALLEST, Figure, balanced, fitting, styled
from ._test_slices import View
from ._tiles import GAP, LINE, brightest, picture

MOST_IMAGES, MOST_COLUMNS = 5, 6
"""Greatest number of images, and of pictures beside each other."""
LEAST = 0.4
"""Least size of a picture in inches. With many models fewer images are shown."""
SCORES = 2
"""Number of the study's metrics whose scores are above a picture."""


class _Shown(NamedTuple):
    """A test image: pictures by title, the line below each title, and the height of a pixel divided by its width."""

    pictures: Mapping[str, np.ndarray]
    lines: Mapping[str, str]
    aspect: float


@styled
def draw(images: Sequence[_Shown]) -> Figure:
    """One row for each image, or several if there are many models. The first picture is the ground truth.

    All images have as many pictures, which are oriented already. The input is shown at the size of the
    ground truth. Images for which there is no room on a page are left out, but not the first.
    """
    rows, columns = balanced(len(images[0].pictures), MOST_COLUMNS)
    images = images[: max(1, int(TALLEST / rows / (LEAST + 2 * LINE + 2 * GAP)))]
    shapes = [next(iter(image.pictures.values())).shape[-2:] for image in images]
    ratios = [image.aspect * shape[0] / shape[1] for image, shape in zip(images, shapes, strict=True)]
    above = 2 * LINE + GAP
    highest = (TALLEST / rows - len(images) * (above + GAP)) / sum(ratios)
    width = min((PAGE - GAP) / columns - GAP, max(highest, LEAST))
    size = columns * (width + GAP) + GAP, rows * sum(width * ratio + above + GAP for ratio in ratios)
    figure, top = Figure(figsize=size), size[1]
    for image, shape, ratio in zip(images, shapes, ratios, strict=True):
        white = brightest(next(iter(image.pictures.values())))
        for position, (title, shown) in enumerate(image.pictures.items()):
            row, column = divmod(position, columns)
            left, height = GAP + column * (width + GAP), width * ratio
            bottom = top - row * (height + above + GAP) - above - height
            ax = figure.add_axes((left / size[0], bottom / size[1], width / size[0], height / size[1]))
            picture(ax, shown, shape, white)
            ax.set(xticks=[], yticks=[], xlim=(0, shape[1]), ylim=(shape[0], 0))
            for number, text in enumerate((image.lines.get(title, ""), title)):
                place = (left + width / 2) / size[0], (bottom + height + GAP + number * LINE) / size[1]
                figure.text(*place, text, ha="center", va="bottom", size=fitting(text, width, SMALL))
        top -= rows * (width * ratio + above + GAP)
    return figure


class Outputs:
    """The outputs of all models for several test images (efficient-sr, Figures 5 to 7)."""

    CATEGORY = "Pictures"
    ALWAYS = False
    READS = ("shown_models", "scores")
    FOR_EACH = ("test_set",)
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figures of a job, for which each model is run on one slice of each subject: file name, and figure."""
        models = titled_estimators(reads, settings)
        scores, order = read([Path(reads["scores"])]), Order.of(settings["order"])
        for name, shown in settings["pictures"].items():
            files = reads["test_sets"][shown["test_set"]]
            found = [
                _shown(pair, files, models, scores[scores["test_set"] == shown["test_set"]], order)
                for pair in _chosen(files, settings)
            ]
            yield name, draw(found)


def _chosen(files: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Pair]:
    """One slice each of the first subjects: the study's own for its shown subject, the middle one of the others."""
    of: dict[str, dict[int, Pair]] = {}
    for pair in read_pairs(**files):
        of.setdefault(pair.subject, {})[pair.index] = pair
    chosen = []
    for subject, pairs in list(of.items())[:MOST_IMAGES]:
        wanted = settings["slice"] if subject == settings["subject"] else None
        chosen.append(pairs[chosen_slice(pairs, {"slice": wanted, "subject": subject})].loaded())
    return chosen


def _shown(pair: Pair, files: Mapping[str, Any], models, scores: pd.DataFrame, order: Order) -> _Shown:
    view = View.of(files["references"][pair.subject])
    images = {f"ground truth ({pair.subject})": pair.reference, "input": pair.degraded}
    images |= {title: estimator(pair.degraded) for title, (estimator, _) in models.items()}
    metrics = list(order.metrics)[:SCORES]
    lines = {next(iter(images)): " / ".join(order.metrics[metric].quantity for metric in metrics)}
    own = scores[(scores["subject"] == pair.subject) & (scores["slice"] == pair.index)]
    for title, (_, names) in models.items():
        rows = own[np.logical_and.reduce([own[key] == names[key] for key in (*MODEL, "seed", "fold")])]
        values = rows.set_index("metric")["value"]
        lines[title] = " / ".join(f"{values[metric]:.4g}" for metric in metrics)
    return _Shown({title: view(image) for title, image in images.items()}, lines, view.aspect)
