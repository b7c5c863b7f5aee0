"""Training and validation loss of each training, the epoch where over-fitting begins, a discriminator's loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ._style import COLOURS, DASHES, MARKERS, PAGE, legend_grid, styled

HEIGHT, LEGEND_ROW = 2.3, 0.15
TITLES = {"loss": "training", "validation_loss": "validation", "discriminator_loss": "discriminator"}


def over_fitting(history: pd.DataFrame) -> int | None:
    """The epoch with the lowest validation loss, if the training loss still falls while the validation loss rises.

    Both are compared between this epoch and the last one that was validated. None: the validation loss is lowest at
    the end, or the training loss does not fall after it, so nothing speaks of over-fitting. None also for a training
    with a discriminator, whose training loss is another quantity than its validation loss.

    Parameters
    ----------
    history : DataFrame
        Columns ``epoch``, ``loss``, ``validation_loss``, ``discriminator_loss``, with one row per epoch.
    """
    if _is_adversarial(history):
        return None
    table = history[np.isfinite(history["validation_loss"])]
    if table.empty:
        return None
    best, last = table.loc[table["validation_loss"].idxmin()], table.iloc[-1]
    rises, falls = last["validation_loss"] > best["validation_loss"], last["loss"] < best["loss"]
    return int(best["epoch"]) if rises and falls else None


@styled
def draw(histories: Mapping[str, pd.DataFrame], *, title: str) -> Figure:
    """Panels side by side: training loss, validation loss and, if there is one, the discriminator's loss.

    Each training is a line. A vertical line in its colour marks the epoch where over-fitting begins (`over_fitting`).
    Without a discriminator, the first two panels have the same axis, because they show the same loss.

    Parameters
    ----------
    histories : {name of the training: history}
        Columns as in `over_fitting`. The names are the legend.
    title : str
        What was trained, such as ``srresnet, mse``.
    """
    adversarial = any(_is_adversarial(history) for history in histories.values())
    quantities = [name for name in TITLES if adversarial or name != "discriminator_loss"]
    rows, columns = legend_grid(histories)
    figure = Figure(figsize=(PAGE, HEIGHT + rows * LEGEND_ROW), layout="constrained")
    axes = figure.subplots(1, len(quantities), sharey=not adversarial)
    for ax, quantity in zip(axes, quantities, strict=True):
        for number, (name, history) in enumerate(histories.items()):
            _draw_line(ax, history, quantity, number, name)
        ax.set(xlabel="epoch", ylabel=f"{_label(quantity, adversarial)} loss")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.yaxis.set_tick_params(labelleft=True)
        ax.grid(True)
    figure.suptitle(title)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


class Losses:
    """Training and validation loss, the epoch where over-fitting begins, and a discriminator's loss."""

    CATEGORY = "Training"
    ALWAYS = False
    READS = ("histories",)
    FOR_EACH = ("model",)
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The losses of a job: file name without suffix, and figure."""
        for name, shown in settings["pictures"].items():
            models = [
                (model, pd.read_csv(path))
                for model, path in zip(settings["models"], reads["histories"], strict=True)
                if all(model[key] == value for key, value in shown.items())
            ]
            told = ["training_set", *(key for key in ("seed", "fold") if len({model[key] for model, _ in models}) > 1)]
            named = {", ".join(_told(model, key) for key in told): history for model, history in models}
            yield name, draw(named, title=f"{shown['architecture']}, {shown['loss']}")


def _told(model: Mapping[str, Any], key: str) -> str:
    return str(model[key]) if key == "training_set" else f"{key} {model[key]}"


def _is_adversarial(history: pd.DataFrame) -> bool:
    return bool(history["discriminator_loss"].notna().any())


def _label(quantity: str, adversarial: bool) -> str:
    """With a discriminator, training shows the generator's loss."""
    return "generator's training" if adversarial and quantity == "loss" else TITLES[quantity]


def _draw_line(ax: Axes, history: pd.DataFrame, quantity: str, number: int, name: str) -> None:
    table = history[np.isfinite(history[quantity])]
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
    # A line with a single epoch would be invisible.
    marker = MARKERS[number % len(MARKERS)] if len(table) < 2 else ""
    ax.plot(table["epoch"], table[quantity], dash, color=colour, marker=marker, markersize=3, label=name)
    begins = over_fitting(history)
    if begins is not None:
        ax.axvline(begins, color=colour, linestyle=":", linewidth=0.8)
