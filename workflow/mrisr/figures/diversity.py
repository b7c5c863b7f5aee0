"""Mode collapse: how much the outputs of each model differ from slice to slice (perceptual-gan, Figure 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ._style import COLOURS, PAGE, Figure, styled

SHOWN = ["architecture", "loss", "training_set"]
"""Parts of the name of a model."""
TITLES = {"ratio": "distance between outputs / between references", "agreement": "agreement with the references"}
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""What keeps a number readable on a line."""
ROW, MARGIN = 0.2, 0.6
"""Inches for a model, and for title and axis."""


@styled
def draw(table: pd.DataFrame) -> Figure:
    """A row for each model, with a panel for each number of `Diversity`. A line marks 1, the value of the references.

    A small point is a seed, the mean over its subjects. The large point is the mean over seeds, with its number. An
    undefined one is written and has no point.

    Parameters
    ----------
    table : DataFrame
        Rows of one scale of diversity.csv (`mrisr.evaluation.diversity`).
    """
    models = list(dict.fromkeys(table[SHOWN].itertuples(index=False, name=None)))
    by_seed = table.groupby([*SHOWN, "seed"])
    seeds = {key: by_seed[key].agg(lambda values: values.to_numpy().mean()) for key in TITLES}
    figure = Figure(figsize=(PAGE, MARGIN + ROW * len(models)), layout="constrained")
    for ax, (key, title) in zip(figure.subplots(1, len(TITLES), sharey=True), TITLES.items(), strict=True):
        shown = [0.0, 1.0]
        ax.axvline(1, color="0.6", linewidth=0.6, zorder=1)
        for row, model in enumerate(models):
            own = seeds[key].loc[model].to_numpy()
            value = own.mean()
            ax.plot(own, [row] * len(own), "o", color=COLOURS[0], alpha=0.4, markersize=2, zorder=3)
            ax.plot(value, row, "o", color=COLOURS[0], markersize=3, zorder=4)
            shown += [*own[np.isfinite(own)]]
            place = np.nanmax([*own, value]) if np.isfinite(value) else 0
            text = f"  {value:.2f}" if np.isfinite(value) else "  undefined"
            ax.text(place, row, text, va="center", bbox=BEHIND, zorder=2)
        room = 0.3 * (max(shown) - min(shown))
        ax.set(title=title, xlim=(min(shown) - room / 6, max(shown) + room), ylim=(len(models) - 0.5, -0.5))
        ax.set_yticks(range(len(models)), [" / ".join(model) for model in models])
    return figure


class Diversities:
    """Mode collapse: how much the outputs of each model differ from slice to slice (perceptual-gan, Figure 8)."""

    CATEGORY = "Training"
    ALWAYS = False
    ASKED_BY = "evaluation.diversity"
    READS = ("diversity",)
    FOR_EACH = ("group",)
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """File name without suffix, and figure, for each of ``settings["pictures"]``."""
        undefined = dict.fromkeys(TITLES, "")
        names = dict.fromkeys((*SHOWN, "group"), str)
        table = pd.read_csv(reads["diversity"], dtype=names, keep_default_na=False, na_values=undefined)
        table = table[table["scale"] == settings["scale"]]
        for name, shown in settings["pictures"].items():
            yield name, draw(table[table["group"] == shown["group"]])
