"""Mode collapse: how much the outputs of each model differ from slice to slice (perceptual-gan, Figure 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.pairs import Pair, read_pairs
from mrisr.quality.diversity import Diversity, diversity
from mrisr.statistics.order import MODEL

from ._style import COLOURS, PAGE, Figure, styled

MOST_SUBJECTS, MOST_SLICES = 5, 12
"""Greatest number of test subjects, and of slices of one, evenly spaced."""
TITLES = {"ratio": "distance between outputs / between references", "agreement": "agreement with the references"}
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""What keeps a number readable on a line."""
ROW, MARGIN = 0.2, 0.6
"""Inches for a model, and for title and axis."""


@styled
def draw(found: Mapping[str, Diversity]) -> Figure:
    """A row for each model, with a panel for each number of `Diversity`. A line marks 1, the value of the references.

    The number stands at the point. An undefined one is written and has no point.
    """
    names = list(found)
    figure = Figure(figsize=(PAGE, MARGIN + ROW * len(names)), layout="constrained")
    for ax, (key, title) in zip(figure.subplots(1, len(TITLES), sharey=True), TITLES.items(), strict=True):
        values = [getattr(found[name], key) for name in names]
        ax.axvline(1, color="0.6", linewidth=0.6, zorder=1)
        ax.plot(values, range(len(names)), "o", color=COLOURS[0], markersize=3, zorder=4)
        for row, value in enumerate(values):
            at, text = (value, f"  {value:.2f}") if np.isfinite(value) else (0, "  undefined")
            ax.text(at, row, text, va="center", bbox=BEHIND)
        shown = [0, 1, *(value for value in values if np.isfinite(value))]
        room = 0.3 * (max(shown) - min(shown))
        ax.set(title=title, xlim=(min(shown) - room / 6, max(shown) + room), ylim=(len(names) - 0.5, -0.5))
        ax.set_yticks(range(len(names)), names)
    return figure


class Diversities:
    """Mode collapse: how much the outputs of each model differ from slice to slice (perceptual-gan, Figure 8)."""

    CATEGORY = "Training"
    ALWAYS = False
    READS = ("shown_models",)
    FOR_EACH = ("test_set",)
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figures of a job, for which each model is run on slices of each subject: file name, and figure."""
        from mrisr.evaluation.estimates import ModelEstimator

        models = {
            " / ".join(names[part] for part in MODEL): ModelEstimator(Path(path), device="cpu")
            for path, names in zip(reads["weights"], settings["models"], strict=True)
        }
        for name, shown in settings["pictures"].items():
            subjects = list(chosen(read_pairs(**reads["test_sets"][shown["test_set"]])).values())
            yield name, draw({title: measured(model, subjects) for title, model in models.items()})


def chosen(pairs: list[Pair]) -> dict[str, list[Pair]]:
    """Evenly spaced slices of the first subjects that have two slices or more, by subject."""
    of: dict[str, list[Pair]] = {}
    for pair in pairs:
        of.setdefault(pair.subject, []).append(pair)
    several = [(subject, own) for subject, own in of.items() if len(own) > 1]
    return {
        subject: [own[place] for place in np.unique(np.linspace(0, len(own) - 1, MOST_SLICES).round().astype(int))]
        for subject, own in several[:MOST_SUBJECTS]
    }


def measured(model: Any, subjects: list[list[Pair]]) -> Diversity:
    """Mean over subjects of the `Diversity` of a model's outputs; undefined without a subject of several slices."""
    found = []
    for pairs in subjects:
        loaded = [pair.loaded() for pair in pairs]
        found.append(diversity([p.reference for p in loaded], [model(p.degraded) for p in loaded]))
    return Diversity(*np.mean(found, axis=0).tolist()) if found else Diversity(np.nan, np.nan)
