"""Box plots of a metric by test set, input beside output, one panel per training set (training-bias, Figure 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from mrisr.statistics.means import stepwise_mean
from mrisr.statistics.order import Order
from mrisr.statistics.scores import read

from ._selection import select
from ._style import BLUE, PAGE, SMALL, VERMILLION, Figure, balanced, styled

PANEL_HEIGHT, NAMES, LEGEND, BOXES_IN_ROW = 1.7, 0.5, 0.3, 16
"""Inches of a panel, of the test sets' names, and of the legend; then the number of test sets that fit on the page."""
CELL = ["test_set", "subject", "slice"]
SHIFT = 0.18
"""Offset of the boxes from the middle of their test set, in units of the distance between test sets."""


@styled
def draw(
    scores: pd.DataFrame,
    *,
    order: Order | Mapping[str, Any],
    architecture: str,
    loss: str,
    scale: int,
    metric: str = "hfen",
    group: str | None = None,
    baseline: str | None = None,
) -> Figure:
    """Distribution over slices (averaged over seeds) of the input's score and the output's.

    Boxes show quartiles, whiskers reach 1.5 times the box, circles lie beyond. Infinite values are counted at the top.

    Parameters
    ----------
    scores, order, scale, metric, group
        As for `mrisr.figures.heatmap.draw`.
    architecture, loss : str
        The models to show, one panel per training set.
    baseline : str, optional
        Whose scores to show as the input; by default those of the first baseline that was scored.
    """
    order = Order.of(order)
    chosen = select(scores, order, metric=metric, scale=scale, group=group)
    baselines = order.names("architecture", chosen["architecture"][chosen["training_set"] == ""])
    baseline = baseline or next(iter(baselines), None)
    trained = chosen[(chosen["architecture"] == architecture) & (chosen["loss"] == loss)]
    floor = _per_slice(chosen[chosen["architecture"] == baseline])
    training_sets = order.names("training_set", trained["training_set"])
    test_sets = order.names("test_set", trained["test_set"])
    rows, columns = balanced(len(training_sets), max(1, BOXES_IN_ROW // len(test_sets)))
    # Panels in one column share the names below the last one, so the last row must be full.
    shared = columns == 1
    height = rows * (PANEL_HEIGHT - NAMES * shared) + NAMES * shared + LEGEND
    figure = Figure(figsize=(PAGE, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for position, training_set in enumerate(training_sets):
        ax = axes.flat[position]
        output = _per_slice(trained[trained["training_set"] == training_set])
        _draw_panel(ax, {"input": floor, "output": output}, test_sets)
        ax.set_title(f"{ascii_lowercase[position % 26]}) trained on {training_set}", loc="left")
        names = [""] * len(test_sets) if shared and position + 1 < rows else test_sets
        ax.set_xticks(range(len(test_sets)), names, rotation=30, ha="right", rotation_mode="anchor")
    for ax in axes.flat[len(training_sets) :]:
        ax.set_axis_off()
    figure.supylabel(f"{order.metrics[metric].label} on the test set")
    _add_legend(figure, baseline, f"output ({architecture}, {loss})")
    return figure


class Boxplot:
    """A metric on every test set, input beside output, one panel per training set (training-bias, Figure 3)."""

    CATEGORY = "Bias"
    ALWAYS = True
    READS = ("scores",)
    FOR_EACH = ("model", "group")
    OPTIONS = {"metric": "box_metric"}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The box plots of a job: file name without suffix, and figure."""
        scores = read([Path(reads["scores"])])
        options = {"order": settings["order"], "scale": settings["scale"], "metric": settings["metric"]}
        for name, shown in settings["pictures"].items():
            yield name, draw(scores, **options, **shown)


def _add_legend(figure: Figure, baseline: str | None, output: str) -> None:
    handles = [Patch(color=BLUE, label=output)]
    if baseline:
        handles.insert(0, Patch(color=VERMILLION, label="input" if baseline == "input" else f"input ({baseline})"))
    figure.legend(handles=handles, loc="outside upper center", ncols=2)


def _per_slice(scores: pd.DataFrame) -> pd.DataFrame:
    return stepwise_mean(scores.set_index(CELL)["value"], CELL).reset_index()


def _draw_panel(ax: Axes, values: Mapping[str, pd.DataFrame], test_sets: list[str]) -> None:
    for shown, colour, shift in (("input", VERMILLION, -SHIFT), ("output", BLUE, SHIFT)):
        of_set = {name: table["value"].dropna() for name, table in values[shown].groupby("test_set")}
        columns = [of_set.get(name, pd.Series(dtype=float)) for name in test_sets]
        places = [number + shift for number in range(len(test_sets))]
        # Lines in the colour of the box distinguish input and output even if a box is flat.
        ax.boxplot(
            [column[np.isfinite(column)] for column in columns],
            positions=places,
            widths=1.8 * SHIFT,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": colour, "edgecolor": colour, "linewidth": 0.9},
            whiskerprops={"color": colour, "linewidth": 0.9},
            capprops={"color": colour, "linewidth": 0.9},
            medianprops={"color": "black", "linewidth": 0.6},
            flierprops={"markeredgecolor": colour, "markersize": 1.5, "markeredgewidth": 0.3},
        )
        for place, column in zip(places, columns, strict=True):
            if infinite := int(np.isinf(column).sum()):
                top = {"transform": ax.get_xaxis_transform(), "ha": "center", "va": "top", "size": SMALL - 1}
                ax.text(place, 0.99, f"{infinite} ∞", **top)
    ax.set_xlim(-0.5, len(test_sets) - 0.5)
    ax.yaxis.grid(True)
    ax.set_axisbelow(True)
