"""The output for one validation slice after each kept epoch (perceptual-gan, Figure 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mrisr.arrays import load
from mrisr.pairs import read_pairs

from ._models import shown_models, training_names
from ._style import styled
from ._test_slices import View
from ._tiles import Tiles, brightest, picture

MOST_ROWS, MOST_COLUMNS = 6, 8
"""Greatest number of trainings, and of pictures beside each other."""
ESTIMATE = "/estimate"


@styled
def draw(rows: Mapping[str, Mapping[str, np.ndarray]], *, aspect: float = 1.0) -> Figure:
    """One row for each training: ground truth, input, and the output after each epoch.

    Parameters
    ----------
    rows : {training: {title: slice}}
        Slices [H, W] or [C, H, W] in [0, 1], oriented already. All trainings have the same titles. The first slice is
        the ground truth, whose brightness all others have. The input may be on the low grid.
    aspect : float
        Height of a pixel divided by its width.
    """
    first = next(iter(rows.values()))
    shape = next(iter(first.values())).shape[-2:]
    tiles = Tiles(len(first), most=MOST_COLUMNS, rows=list(rows), shape=shape, aspect=aspect, lines=1)
    for position, title in enumerate(first):
        tiles.title(position, [title])
        for row, images in enumerate(rows.values()):
            white = brightest(next(iter(images.values())))
            picture(tiles.axes(position, row), images[title], shape, white)
    return tiles.figure


class Epochs:
    """The output for one validation slice after each kept epoch (perceptual-gan, Figure 6)."""

    CATEGORY = "Training"
    ALWAYS = False
    READS = ("kept_epochs",)
    FOR_EACH = ("model",)
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The outputs of a job's first trainings: file name without suffix, and figure."""
        for name, shown in settings["pictures"].items():
            trained = shown_models(settings["models"], reads["epochs"], shown)[:MOST_ROWS]
            rows, aspects = {}, []
            for (model, path), title in zip(trained, training_names([model for model, _ in trained]), strict=True):
                images, aspect = _row(Path(path), reads["validation"][f"{model['training_set']} {model['fold']}"])
                rows[title] = images
                aspects.append(aspect)
            yield name, draw(rows, aspect=aspects[0])


def _row(path: Path, files: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], float]:
    """Pictures of one training by title, and the height of a pixel divided by its width."""
    pairs = read_pairs(**files)
    # The slice that the training has kept estimates of.
    pair = pairs[len(pairs) // 2].loaded()
    view = View.of(files["references"][pair.subject])
    kept, _ = load(path)
    images = {"ground truth": pair.reference, "input": pair.degraded}
    for name in sorted(name for name in kept if name.endswith(ESTIMATE)):
        epoch = int(name.removesuffix(ESTIMATE).removeprefix("epoch"))
        images[f"epoch {epoch}"] = np.clip(kept[name], 0, 1)
    return {title: view(image) for title, image in images.items()}, view.aspect
