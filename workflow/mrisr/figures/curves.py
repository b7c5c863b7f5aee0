"""Training loss and validation PSNR, one line per training set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from ._style import PAGE, Look, legend_grid, looks, styled

HEIGHT, LEGEND_ROW = 2.3, 0.15
LABELS = ("training loss", "validation PSNR (dB)")


@styled
def draw(histories: Mapping[str, Sequence[pd.DataFrame]], *, title: str, training_sets: Sequence[str] = ()) -> Figure:
    """Two panels: training loss (logarithmic if it is positive) and validation PSNR against the epoch.

    With several seeds the line shows their mean and the band their range.

    Parameters
    ----------
    histories : {training set: one history per seed or fold}
        Columns ``epoch``, ``loss``, ``validation_psnr`` (blank if an epoch was not validated), with one row per epoch.
    title : str
        What was trained, such as ``srcnn, mse``.
    training_sets : sequence of str, optional
        All training sets of the study, so that each has the same colour in every figure.
    """
    rows, columns = legend_grid(histories)
    figure = Figure(figsize=(PAGE, HEIGHT + rows * LEGEND_ROW), layout="constrained")
    axes = figure.subplots(1, 2)
    styles = looks([*training_sets, *histories])
    for ax, quantity, label in zip(axes, ("loss", "validation_psnr"), LABELS, strict=True):
        for training_set, runs in histories.items():
            _draw_line(ax, _over_runs(runs, quantity), styles[training_set], training_set)
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.grid(True)
    if all((run["loss"].dropna() > 0).all() for runs in histories.values() for run in runs):
        axes[0].set_yscale("log")
        axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes[0].yaxis.set_minor_locator(NullLocator())
    figure.suptitle(title)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


class Curves:
    """Training loss and validation PSNR, one line per training set."""

    CATEGORY = "Training"
    ALWAYS = True
    READS = ("histories",)
    FOR_EACH = ("model",)
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The curves of a job: file name without suffix, and figure."""
        for name, shown in settings["pictures"].items():
            histories: dict[str, list[pd.DataFrame]] = {}
            for model, path in zip(settings["models"], reads["histories"], strict=True):
                if all(model[key] == value for key, value in shown.items()):
                    histories.setdefault(model["training_set"], []).append(pd.read_csv(path))
            title = f"{shown['architecture']}, {shown['loss']}"
            yield name, draw(histories, title=title, training_sets=settings["training_sets"])


def _over_runs(runs: Sequence[pd.DataFrame], quantity: str) -> pd.DataFrame:
    """Mean, lowest and highest of the runs at every epoch that was measured."""
    table = pd.concat([run[["epoch", quantity]] for run in runs], ignore_index=True)
    table = table[np.isfinite(table[quantity])]
    return table.groupby("epoch")[quantity].agg(["mean", "min", "max"])


def _draw_line(ax: Axes, table: pd.DataFrame, look: Look, name: str) -> None:
    # A line with a single epoch would be invisible.
    marker = look.marker if len(table) < 2 else ""
    ax.plot(table.index, table["mean"], look.dash, color=look.colour, marker=marker, markersize=3, label=name)
    if (table["max"] > table["min"]).any():
        ax.fill_between(table.index, table["min"], table["max"], color=look.colour, alpha=0.2, linewidth=0)
