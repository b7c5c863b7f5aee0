"""Dot plot of bias.csv: how much better the matched model is than every other, with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mrisr.statistics.bias import read
from mrisr.statistics.order import Metric, Order

from ._selection import select
from ._style import PAGE, TALLEST, TEXT, Figure, Look, balanced, fitting, inches, legend_grid, looks, styled

DOT_HEIGHT, AROUND_PANEL = (0.03, 0.06), 0.4
"""Least and greatest height per dot in inches; height of a panel's title and numbers."""
PANELS_IN_ROW = 3
INTERVALS = {
    "subjects": "95 % over subjects",
    "subjects and seeds": "95 % over subjects and seeds",
    "slices": "central 95 % of the slices",
}


@styled
def draw(
    bias: pd.DataFrame, *, order: Order | Mapping[str, Any], metric: str, scale: int, group: str | None = None
) -> Figure:
    """One panel per architecture and loss, one band per test set, one dot per model trained on something else.

    Right of zero the matched model is better. Infinite margins are arrows at the edge; undefined ones are left out.

    Parameters
    ----------
    bias : DataFrame
        The table bias.csv.
    order, metric, scale, group
        As for `mrisr.figures.heatmap.draw`.
    """
    order = Order.of(order)
    chosen = _oriented(select(bias, order, metric=metric, scale=scale, group=group), order.metrics[metric])
    test_sets = order.names("test_set", chosen["test_set"])
    training_sets = order.names("training_set", chosen["training_set"])
    panels = [
        (f"{architecture}, {loss}", chosen[(chosen["architecture"] == architecture) & (chosen["loss"] == loss)])
        for architecture in order.names("architecture", chosen["architecture"])
        for loss in order.names("loss", chosen["loss"])
    ]
    panels = [(title, panel) for title, panel in panels if len(panel)]
    styles = looks([*order.training_sets, *training_sets])
    rows, columns = balanced(max(len(panels), 1), PANELS_IN_ROW)
    dots = len(test_sets) * (len(training_sets) + 1)
    legend = 0.15 * legend_grid(training_sets)[0] + 0.55
    highest = (TALLEST - legend) / rows - AROUND_PANEL
    panel_height = max(min(dots * DOT_HEIGHT[1], highest), dots * DOT_HEIGHT[0], 0.5) + AROUND_PANEL
    figure = Figure(figsize=(PAGE, rows * panel_height + legend), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for position, (title, panel) in enumerate(panels):
        ax = axes.flat[position]
        _draw_panel(ax, panel, test_sets, training_sets, styles)
        ax.set_title(title, size=fitting(title, (PAGE - inches(max(test_sets, key=len)) - 0.3) / columns, TEXT))
        ax.tick_params(labelbottom=True)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    if not panels:
        axes[0, 0].text(0.5, 0.5, "No model was trained on a test set that another one was scored on.", ha="center")
        return figure
    _finish(figure, panels, {name: styles[name] for name in training_sets}, order.metrics[metric])
    return figure


class Gaps:
    """Dot plot of bias.csv: how much better the matched model is than every other, with intervals."""

    CATEGORY = "Bias"
    ALWAYS = True
    READS = ("bias",)
    FOR_EACH = ("metric", "group")
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The dot plots of a job: file name without suffix, and figure."""
        bias = read(Path(reads["bias"]))
        for name, shown in settings["pictures"].items():
            yield name, draw(bias, order=settings["order"], scale=settings["scale"], **shown)


def _draw_panel(
    ax: Axes, panel: pd.DataFrame, test_sets: list[str], training_sets: list[str], styles: Mapping[str, Look]
) -> None:
    """Every test set has a band, and every training set has its own place in the band."""
    band = len(training_sets) + 1
    for number in range(0, len(test_sets), 2):
        ax.axhspan(number * band - 0.5, (number + 1) * band - 0.5, color="#F2F2F2", linewidth=0, zorder=0)
    ax.axvline(0, color="black", linewidth=0.6, zorder=1)
    for row in panel.itertuples():
        look = styles[row.training_set]
        y = test_sets.index(row.test_set) * band + training_sets.index(row.training_set) + 0.5
        if np.isinf(row.margin):
            edge, arrow = (1, ">") if row.margin > 0 else (0, "<")
            ax.plot(edge, y, arrow, color=look.colour, markersize=3, clip_on=False, transform=ax.get_yaxis_transform())
        ax.plot([row.low, row.high], [y, y], color=look.colour, linewidth=0.8, solid_capstyle="butt", zorder=2)
        ax.plot(row.margin, y, look.marker, color=look.colour, markersize=2.6, markeredgewidth=0, zorder=3)
    ax.set_yticks([(number + 0.5) * band - 0.5 for number in range(len(test_sets))], test_sets)
    ax.set_ylim(len(test_sets) * band - 0.5, -0.5)
    ax.xaxis.grid(True)
    ax.set_axisbelow(True)


def _oriented(bias: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Give the interval the sign of the margin. In bias.csv it has the metric's own direction."""
    return bias if metric.higher_is_better else bias.assign(low=-bias["high"], high=-bias["low"])


def _finish(figure: Figure, panels: list[tuple[str, pd.DataFrame]], styles: Mapping[str, Look], metric: Metric) -> None:
    """Add the axis titles, the legend, and what the bars range over."""
    found = dict.fromkeys(name for _, panel in panels for name in panel["interval"])
    bars = " or ".join(INTERVALS[name] for name in INTERVALS if name in found)
    unit = f" ({metric.unit})" if metric.unit else ""
    figure.supxlabel(f"{metric.quantity} margin of the matched model{unit}: right of 0 it is better; bars: {bars}")
    figure.supylabel("test set")
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, markersize=3, linewidth=0.8, label=name)
        for name, look in styles.items()
    ]
    figure.legend(handles=handles, title="trained on", loc="outside upper center", ncols=legend_grid(styles)[1])
