"""Training loss and validation PSNR, one line per training set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ._epochs import draw_line, finish, panels
from ._models import shown_models
from ._style import Look, looks, styled

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
    figure, axes = panels(histories, LABELS)
    styles = looks([*training_sets, *histories])
    for ax, quantity in zip(axes, ("loss", "validation_psnr"), strict=True):
        for training_set, runs in histories.items():
            _draw_runs(ax, _over_runs(runs, quantity), styles[training_set], training_set)
    if all((run["loss"].dropna() > 0).all() for runs in histories.values() for run in runs):
        axes[0].set_yscale("log")
        axes[0].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes[0].yaxis.set_minor_locator(NullLocator())
    return finish(figure, histories, title)


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
            for model, path in shown_models(settings["models"], reads["histories"], shown):
                histories.setdefault(model["training_set"], []).append(pd.read_csv(path))
            title = f"{shown['architecture']}, {shown['loss']}"
            yield name, draw(histories, title=title, training_sets=settings["training_sets"])


def _over_runs(runs: Sequence[pd.DataFrame], quantity: str) -> pd.DataFrame:
    """Mean, lowest and highest of the runs at every epoch that was measured."""
    table = pd.concat([run[["epoch", quantity]] for run in runs], ignore_index=True)
    table = table[np.isfinite(table[quantity])]
    return table.groupby("epoch")[quantity].agg(["mean", "min", "max"])


def _draw_runs(ax: Axes, table: pd.DataFrame, look: Look, name: str) -> None:
    draw_line(ax, table.index, table["mean"], look, name)
    if (table["max"] > table["min"]).any():
        ax.fill_between(table.index, table["min"], table["max"], color=look.colour, alpha=0.2, linewidth=0)
