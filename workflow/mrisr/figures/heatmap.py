"""Heat map of training set against test set, with the numbers of training-bias, Tables I to III."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from mrisr.statistics.order import Metric, Order
from mrisr.statistics.scores import read
from mrisr.statistics.tables import means

from ._selection import select
from ._style import COLUMN, OUTLINE, PAGE, SMALL, TALLEST, TEXT, Figure, balanced, fitting, inches, styled

CELL_HEIGHT, CELL_WIDTH, NARROWEST = 0.21, 0.32, 0.24
"""Size of a cell, and its least width, in inches. Cells are wider if the page has room."""
AROUND_PANEL, BESIDE_PANELS, LEGEND, BAR = 0.35, 0.85, 0.35, 0.11
"""Inches: around a panel without its names, beside the panels, for the legend, and the colour bar's width."""
LONGEST_NAME = 1.1
"""Greatest length of names in inches. Longer names get a smaller font."""
NUMBER = 0.34
"""Width in inches of a bold number of five characters in small text, with some room."""


@styled
def draw(
    scores: pd.DataFrame, *, order: Order | Mapping[str, Any], metric: str, scale: int, group: str | None = None
) -> Figure:
    """One panel per architecture and loss. Rows are the baselines, then the training sets; columns are the test sets.

    Matched cells are outlined. The best model of a column is bold with a dot. All panels share one colour scale, on
    which bright is better. Cells without a value are grey.

    Parameters
    ----------
    scores : DataFrame
        The tidy scores, as `mrisr.statistics.scores.read` gives them.
    order : mapping
        As for `mrisr.statistics.tabulate.tabulate`.
    metric, scale, group
        What is shown; by default the primary test group.
    """
    order = Order.of(order)
    cells = means(select(scores, order, metric=metric, scale=scale, group=group))
    return _draw_panels(_panels(cells, order), order.metrics[metric])


class Heatmap:
    """Heat map of training set against test set, with the numbers of training-bias, Tables I to III."""

    CATEGORY = "Bias"
    ALWAYS = True
    READS = ("scores",)
    FOR_EACH = ("metric", "group")
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The heat maps of a job: file name without suffix, and figure."""
        scores = read([Path(reads["scores"])])
        for name, shown in settings["pictures"].items():
            yield name, draw(scores, order=settings["order"], scale=settings["scale"], **shown)


def _panels(cells: pd.DataFrame, order: Order) -> dict[str, pd.DataFrame]:
    """Values of each panel; rows are (kind, name) with the kinds ``baseline`` and ``model``."""
    trained = cells["training_set"] != ""
    names = cells["training_set"].where(trained, cells["architecture"])
    cells = cells.assign(row=list(zip(np.where(trained, "model", "baseline"), names, strict=True)))
    rows = [("baseline", name) for name in order.names("architecture", cells["architecture"][~trained])]
    rows += [("model", name) for name in order.names("training_set", cells["training_set"][trained])]
    columns = order.names("test_set", cells["test_set"])
    panels = {}
    for architecture in order.names("architecture", cells["architecture"][trained]):
        of_architecture = trained & (cells["architecture"] == architecture)
        for loss in order.names("loss", cells["loss"][of_architecture]):
            panel = cells[(of_architecture & (cells["loss"] == loss)) | ~trained]
            table = panel.pivot(index="row", columns="test_set", values="value")
            panels[f"{architecture}, {loss}"] = table.reindex(
                index=pd.Index(rows, tupleize_cols=False), columns=columns
            )
    return panels


def _draw_panels(panels: Mapping[str, pd.DataFrame], metric: Metric) -> Figure:
    first = next(iter(panels.values()))
    height, width = first.shape
    longest = max([*first.columns, *(name for _, name in first.index)], key=len)
    names = min(inches(longest), LONGEST_NAME)
    panel_height = height * CELL_HEIGHT + AROUND_PANEL + 0.65 * names
    beside = BESIDE_PANELS + names
    # Cells are narrower than ideal only if the figure would otherwise be taller than the page.
    best, legible = (int((PAGE - beside) / (width * cell)) for cell in (CELL_WIDTH, NARROWEST))
    needed = -(-len(panels) // max(1, int(TALLEST / panel_height)))
    rows, columns = balanced(len(panels), max(1, min(max(best, needed), legible)))
    broad = max(COLUMN, min(PAGE, columns * width * 1.3 * CELL_WIDTH + beside))
    size = broad, rows * panel_height + LEGEND
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    norm = _norm(np.stack([panel.to_numpy(float) for panel in panels.values()]))
    number_size = SMALL * min(1, (size[0] - beside) / (columns * width * NUMBER))
    for position, (title, panel) in enumerate(panels.items()):
        ax = axes.flat[position]
        _draw_cells(ax, panel, metric, norm)
        _annotate(ax, panel, metric, number_size)
        ax.set_title(title, size=fitting(title, (size[0] - beside) / columns, TEXT))
        ax.set_xticks(np.arange(width) + 0.5, panel.columns, rotation=40, ha="right", rotation_mode="anchor")
        shown = [name for _, name in panel.index] if position % columns == 0 else [""] * height
        ax.set_yticks(np.arange(height) + 0.5, shown, rotation=0, va="center")
        ax.tick_params(length=0, labelsize=fitting(longest, names, SMALL))
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    bar = figure.colorbar(axes.flat[0].collections[0], ax=axes, aspect=size[1] / BAR, pad=0.01)
    bar.outline.set_visible(False)
    bar.set_label(metric.label)
    figure.supxlabel("test set")
    figure.supylabel("training set")
    _add_legend(figure)
    return figure


def _norm(values: np.ndarray) -> Normalize:
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
    return Normalize(low, high if high > low else low + 1)


def _draw_cells(ax: Axes, panel: pd.DataFrame, metric: Metric, norm: Normalize) -> None:
    colours = "viridis" if metric.higher_is_better else "viridis_r"
    ax.set_facecolor("#E8E8E8")
    # An infinite value would be drawn as a missing one.
    finite = np.ma.masked_invalid(panel.clip(norm.vmin, norm.vmax).to_numpy(float))
    ax.pcolormesh(finite, cmap=colours, norm=norm, linewidth=0.4, edgecolor="white")
    ax.set(xlim=(0, finite.shape[1]), ylim=(finite.shape[0], 0))
    ax.spines[:].set_visible(False)
    baselines = sum(kind == "baseline" for kind, _ in panel.index)
    if baselines:
        ax.axhline(baselines, color="white", linewidth=2.5)


def _annotate(ax: Axes, panel: pd.DataFrame, metric: Metric, size: float) -> None:
    """Write the numbers, outline matched cells, and mark the best models."""
    values = panel.to_numpy(float)
    digits = 2 if np.abs(values[np.isfinite(values)]).max(initial=0) >= 10 else 3
    best = _best(panel, metric)
    for (row, column), value in np.ndenumerate(values):
        ink = _ink(ax, value)
        text = f"{value:.{digits}f}" if np.isfinite(value) else "–" if np.isnan(value) else "∞"
        weight = "bold" if best[row, column] else "normal"
        ax.text(column + 0.5, row + 0.52, text, size=size, weight=weight, color=ink, ha="center", va="center")
        if best[row, column]:
            ax.plot(column + 0.9, row + 0.17, marker="o", markersize=1.6, color=ink)
        if panel.index[row] == ("model", panel.columns[column]):
            outline = Rectangle(
                (column, row), 1, 1, fill=False, edgecolor=OUTLINE, linewidth=1.2, zorder=4, clip_on=False
            )
            ax.add_patch(outline)


def _best(panel: pd.DataFrame, metric: Metric) -> np.ndarray:
    """Which cells hold the best value of any trained model in their column."""
    models = np.array([kind == "model" for kind, _ in panel.index])
    values = np.where(models[:, None], metric.sign * panel.to_numpy(float), np.nan)
    highest = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    return values == highest


def _ink(ax: Axes, value: float) -> str:
    """Black on bright cells, white on dark ones."""
    mesh = ax.collections[0]
    if np.isnan(value):
        return "black"
    red, green, blue, _ = mesh.cmap(mesh.norm(value))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "black"


def _add_legend(figure: Figure) -> None:
    matched = Patch(fill=False, edgecolor=OUTLINE, linewidth=1.2, label="matched: trained on the test degradation")
    best = Line2D(
        [], [], linestyle="", marker="o", markersize=2.2, color="black", label="bold: best model on the test set"
    )
    figure.legend(handles=[matched, best], loc="outside upper center", ncols=2 if figure.get_figwidth() > COLUMN else 1)
