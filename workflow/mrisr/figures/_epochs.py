"""Panels side by side with lines over the epochs of trainings, and one legend below."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ._style import PAGE, Figure, Look, legend_grid

HEIGHT, LEGEND_ROW = 2.3, 0.15


def panels(trainings: Collection[str], labels: Sequence[str], *, sharey: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each label of a vertical axis, and room for the names of the trainings."""
    rows, _ = legend_grid(trainings)
    figure = Figure(figsize=(PAGE, HEIGHT + rows * LEGEND_ROW), layout="constrained")
    axes = list(figure.subplots(1, len(labels), sharey=sharey))
    for ax, label in zip(axes, labels, strict=True):
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.yaxis.set_tick_params(labelleft=True)
        ax.grid(True)
    return figure, axes


def draw_line(ax: Axes, epochs: Sequence[int], values: Sequence[float], look: Look, training: str) -> None:
    """One training in a panel. A line with a single epoch would be invisible, so it gets a marker."""
    marker = look.marker if len(values) < 2 else ""
    ax.plot(epochs, values, look.dash, color=look.colour, marker=marker, markersize=3, label=training)


def finish(figure: Figure, trainings: Collection[str], title: str) -> Figure:
    """Add the title, and the legend of the first panel below all panels."""
    figure.suptitle(title)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=legend_grid(trainings)[1])
    return figure
