"""This study's numbers beside those that a paper prints: gaps between models, bias index and price, or every method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mrisr.statistics import beside
from mrisr.statistics.order import Order

from ._style import BLUE, PAGE, TEXT, VERMILLION, Figure, balanced, fitting, legend_grid, looks, styled

PANELS_IN_ROW, PANEL, EFFECT_ROW, EFFECTS, LEGEND = 3, 2.3, 0.22, 0.7, 0.5
METHODS_IN_ROW, METHOD_ROW, METHODS = 3, 0.16, 0.9
"""Inches: heights of a panel, of a line of a panel of effects or methods, and of what is around them."""
PRINTED = {"marker": "o", "color": VERMILLION, "markerfacecolor": "none", "markersize": 4, "linestyle": ""}
HERE = {"marker": "o", "color": BLUE, "markersize": 3, "linestyle": ""}
MILLION = 1e6
NOTE = "other data and another budget than the paper's"


@styled
def draw(cells: pd.DataFrame, blocks: pd.DataFrame, *, order: Order | Mapping[str, Any]) -> Figure:
    """Gaps of each block, its bias index and price; or, for a paper without such blocks, every printed number.

    Parameters
    ----------
    cells, blocks : DataFrame
        The tables beside_the_paper.csv and beside_the_paper_blocks.csv.
    order : Order or mapping
        An argument of `Order.of`.
    """
    compared = cells.dropna(subset=["here"])
    if compared.empty:
        figure = Figure(figsize=(PAGE, 1), layout="constrained")
        figure.text(0.5, 0.5, "The study has none of the printed cells.", ha="center", va="center")
        return figure
    return _draw_blocks(compared, blocks, Order.of(order)) if len(blocks) else _draw_methods(compared, Order.of(order))


class BesideThePaper:
    """This study's numbers beside those that a paper prints."""

    CATEGORY = "Findings"
    ALWAYS = False
    ASKED_BY = "evaluation.paper"
    PAPERS = ("training-bias", "realistic-downsampling", "robust-residual", "efficient-sr")
    READS = ("beside",)
    FOR_EACH = ()
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figure of a job: file name without suffix, and figure."""
        (name,) = settings["pictures"]
        yield name, draw(*(read(Path(reads[part])) for part in ("cells", "blocks")), order=settings["order"])


def read(path: Path) -> pd.DataFrame:
    """Read one of the tables. A name that is blank stays blank."""
    texts = ("paper", "table", "reading", *beside.CELL, "group", "metric", "note")
    header = pd.read_csv(path, nrows=0).columns
    numbers = {name: "" for name in header if name not in texts}
    return pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=numbers)


def _draw_blocks(cells: pd.DataFrame, blocks: pd.DataFrame, order: Order) -> Figure:
    rows, columns = balanced(len(blocks), PANELS_IN_ROW)
    lower = EFFECTS + EFFECT_ROW * len(blocks)
    figure = Figure(figsize=(PAGE, rows * PANEL + lower + LEGEND), layout="constrained")
    upper, below = figure.subfigures(2, 1, height_ratios=[rows * PANEL + LEGEND, lower])
    axes = upper.subplots(rows, columns, squeeze=False)
    singles = order.singles(order.names("training_set", cells["training_set"]))
    styles = looks([*order.training_sets, *singles])
    for ax, block in zip(axes.flat, blocks.to_dict("records"), strict=False):
        chosen = np.logical_and.reduce([cells[name] == block[name] for name in beside.BLOCK])
        _draw_gaps(ax, beside.gaps(cells[chosen], list(order.mixtures)), block, styles)
        title = f"{_named(block)}\nr = {block['correlation_of_gaps']:.2f}, slope {block['slope_of_gaps']:.2f}"
        ax.set_title(title, size=fitting(title, PAGE / columns - 0.4, TEXT))
    for ax in axes.flat[len(blocks) :]:
        ax.set_axis_off()
    labels = ", ".join(_label(metric, order) for metric in dict.fromkeys(blocks["metric"]))
    upper.supxlabel(f"gap in this study, {labels}")
    upper.supylabel("printed gap")
    handles = [
        Line2D([], [], color=styles[n].colour, marker=styles[n].marker, markersize=3, linestyle="", label=n)
        for n in singles
    ]
    upper.legend(handles=handles, title="test set", loc="outside upper center", ncols=legend_grid(singles)[1])
    for ax, effect in zip(below.subplots(1, 2, sharey=True), ("bias_index", "price"), strict=True):
        names = [_named(block) for block in blocks.to_dict("records")]
        _draw_pairs(ax, names, range(len(names)), blocks[f"printed_{effect}"], blocks[effect])
        ax.set_title(f"{effect.replace('_', ' ')}, {labels}")
    _explain(below, bars=False, note=f": {NOTE}")
    return figure


def _draw_gaps(ax: Axes, found: pd.DataFrame, block: Mapping[str, Any], styles: Mapping[str, Any]) -> None:
    """Printed gap over the study's gap, the line through them, and the line of equal gaps."""
    for test_set, part in found.groupby("test_set", sort=False):
        look = styles[test_set]
        ax.plot(part["here"], part["printed"], look.marker, color=look.colour, markersize=3, markeredgewidth=0)
    ends = np.array([found[["here", "printed"]].min(axis=None), found[["here", "printed"]].max(axis=None)])
    ax.plot(ends, ends, "--", color="0.6", linewidth=0.6, zorder=0)
    ax.axline((found["here"].mean(), found["printed"].mean()), slope=block["slope_of_gaps"], color="0.3", linewidth=0.7)
    ax.grid(True)
    ax.set_axisbelow(True)


def _draw_methods(cells: pd.DataFrame, order: Order) -> Figure:
    """A panel for each metric, a line for each method, test group and reading. Sizes are in millions."""
    cells = cells.assign(method=_methods(cells))
    names = list(dict.fromkeys(cells["method"]))
    found = list(dict.fromkeys(cells["metric"]))
    rows, columns = balanced(len(found), METHODS_IN_ROW)
    height = rows * (METHODS + METHOD_ROW * len(names))
    figure = Figure(figsize=(PAGE, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for ax, metric in zip(axes.flat, found, strict=False):
        own = cells[cells["metric"] == metric]
        # A paper prints a method once for each of its groups. A study that has none of them has one group for all.
        places = own["method"].map(names.index)
        unit = MILLION if metric in beside.SIZES else 1
        numbers = own[["printed", "here", "printed_deviation"]] / unit
        _draw_pairs(ax, names, places, numbers["printed"], numbers["here"], numbers["printed_deviation"])
        ax.set_title(_label(metric, order))
    for ax in axes.flat[len(found) :]:
        ax.set_axis_off()
    note = "" if set(found) <= set(beside.SIZES) else f": {NOTE}"
    _explain(figure, bars=cells["printed_deviation"].notna().any(), note=note)
    return figure


def _draw_pairs(
    ax: Axes,
    names: list[str],
    places: Any,
    printed: pd.Series,
    here: pd.Series,
    deviations: pd.Series | None = None,
) -> None:
    """A line for each name with the printed numbers (open points, with their deviations) and the study's.

    ``places`` are the lines of the numbers, counted from 0.
    """
    bars = None if deviations is None else np.nan_to_num(deviations.to_numpy(float))
    ax.errorbar(printed, places, xerr=bars, elinewidth=0.6, **PRINTED)
    ax.plot(here, places, **HERE)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(True)
    ax.set_axisbelow(True)


def _label(metric: str, order: Order) -> str:
    if metric in beside.SIZES:
        return f"{metric.replace('_', ' ')} (millions)"
    return order.metrics[metric].label if metric in order.metrics else metric


def _explain(figure: Any, *, bars: bool, note: str) -> None:
    handles = [
        Line2D([], [], label="printed (bar: standard deviation)" if bars else "printed", **PRINTED),
        Line2D([], [], label=f"this study{note}", **HERE),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)


def _named(block: Mapping[str, Any]) -> str:
    reading = "" if block["reading"] == beside.AS_NAMED else f", {block['reading']}"
    return f"{block['architecture']} / {block['loss']}{reading}"


def _methods(cells: pd.DataFrame) -> list[str]:
    """Architecture, training set, test group and reading of each cell; loss and test set if there are several."""
    several = {name: cells[name].replace("", np.nan).nunique() > 1 for name in ("loss", "test_set")}
    found = []
    for cell in cells.to_dict("records"):
        named = [cell["architecture"], cell["loss"] if several["loss"] else "", cell["training_set"]]
        where = [
            f"on {cell['test_set']}" if several["test_set"] and cell["test_set"] else "",
            cell["group"],
            "" if cell["reading"] == beside.AS_NAMED else cell["reading"],
        ]
        names, places = " / ".join(filter(None, named)), ", ".join(filter(None, where))
        found.append(f"{names} ({places})" if places else names)
    return found
