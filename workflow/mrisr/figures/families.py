"""Score against an option of the test degradation, one line for each training set, its training value marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mrisr.statistics.order import MODEL, Order

from ._selection import select
from ._style import PAGE, TEXT, Figure, Look, balanced, fitting, legend_grid, looks, styled

PANELS_IN_ROW, PANEL_HEIGHT = 2, 2.4
LEGEND_ROW, LEGEND = 0.15, 0.6
BASELINE = "#7F7F7F"
TEXTS = ("family", "option", *MODEL[1:], "group", "metric", "std_over")


@styled
def draw(
    curves: pd.DataFrame,
    *,
    order: Order | Mapping[str, Any],
    families: Mapping[str, str],
    metric: str,
    scale: int,
    architecture: str,
    loss: str,
    group: str | None = None,
) -> Figure:
    """One panel for each family, one line for each training set; baselines are grey and dashed.

    A ring marks the value that a model was trained on. If that value was not tested, its height is interpolated.

    Parameters
    ----------
    curves : DataFrame
        The table families.csv.
    families : {name: option}
        The families and the option that varies in each.
    order, metric, scale, group
        As for `mrisr.figures.heatmap.draw`.
    architecture, loss : str
        The models.
    """
    order = Order.of(order)
    chosen = select(curves, order, metric=metric, scale=scale, group=group)
    models = chosen[(chosen["architecture"] == architecture) & (chosen["loss"] == loss)]
    floor = chosen[chosen["training_set"] == ""]
    training_sets = order.names("training_set", models["training_set"])
    styles = looks([*order.training_sets, *training_sets])
    baselines = order.names("architecture", floor["architecture"])
    rows, columns = balanced(len(families), PANELS_IN_ROW)
    names = [*training_sets, *baselines]
    height = rows * PANEL_HEIGHT + LEGEND + LEGEND_ROW * legend_grid(names)[0]
    figure = Figure(figsize=(PAGE, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax, (family, option) in zip(axes.flat, families.items(), strict=False):
        _draw_panel(ax, models[models["family"] == family], floor[floor["family"] == family], styles)
        ax.set_xlabel(option)
        ax.set_title(family, size=fitting(family, PAGE / columns - 0.6, TEXT))
    for ax in axes.flat[len(families) :]:
        ax.set_axis_off()
    figure.supylabel(order.metrics[metric].label)
    title = f"{architecture}, {loss}: trained on"
    handles = [_handle(styles[name].colour, name, marker=styles[name].marker) for name in training_sets]
    handles += [_handle(BASELINE, name, linestyle="--") for name in baselines]
    figure.legend(handles=handles, title=title, loc="outside upper center", ncols=legend_grid(names)[1])
    return figure


class Families:
    """Score against an option of the test degradation, one line for each training set, its training value marked."""

    CATEGORY = "Bias"
    ALWAYS = False
    ASKED_BY = "families"
    READS = ("families",)
    FOR_EACH = ("metric", "group", "model")
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figures of a job: file name without suffix, and figure."""
        curves = read(Path(reads["families"]))
        told = {name: settings[name] for name in ("order", "families", "scale")}
        for name, shown in settings["pictures"].items():
            yield name, draw(curves, **told, **shown)


def read(path: Path) -> pd.DataFrame:
    """Read families.csv. A degradation called ``none`` or ``nan`` keeps its name."""
    numbers = dict.fromkeys(("value", "home", "score", "std"), "")
    return pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False, na_values=numbers)


def _draw_panel(ax: Axes, models: pd.DataFrame, floor: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    for _, line in floor.groupby("architecture", sort=False):
        ax.plot(line["value"], _finite(line["score"]), "--", color=BASELINE, linewidth=0.8, zorder=1)
    for training_set, line in models.groupby("training_set", sort=False):
        look, home = styles[training_set], line["home"].iloc[0]
        ax.plot(line["value"], _finite(line["score"]), look.dash, color=look.colour, zorder=2)
        ax.plot(line["value"], _finite(line["score"]), look.marker, color=look.colour, markersize=2.6, zorder=2)
        height = np.interp(home, line["value"], _finite(line["score"]), left=np.nan, right=np.nan)
        ax.plot(home, height, "o", color=look.colour, markersize=8, markerfacecolor="none", zorder=3)
    ax.grid(True)
    ax.set_axisbelow(True)


def _finite(values: pd.Series) -> np.ndarray:
    """Values for a line; infinite ones are left out."""
    return np.where(np.isfinite(values), values, np.nan)


def _handle(colour: str, label: str, **look: Any) -> Line2D:
    return Line2D([], [], color=colour, label=label, markersize=3, linewidth=0.8, **look)
