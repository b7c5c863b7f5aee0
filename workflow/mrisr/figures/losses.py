"""Training and validation loss of each training, the epoch where over-fitting begins, a discriminator's loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ._epochs import draw_line, finish, panels
from ._models import shown_models, training_names
from ._style import Look, looks, styled

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
    labels = [f"{_label(quantity, adversarial)} loss" for quantity in quantities]
    figure, axes = panels(histories, labels, sharey=not adversarial)
    styles = looks(histories)
    for ax, quantity in zip(axes, quantities, strict=True):
        for name, history in histories.items():
            _draw_history(ax, history, quantity, styles[name], name)
    return finish(figure, histories, title)


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
            models, paths = zip(*shown_models(settings["models"], reads["histories"], shown), strict=True)
            named = dict(zip(training_names(models), map(pd.read_csv, paths), strict=True))
            yield name, draw(named, title=f"{shown['architecture']}, {shown['loss']}")


def _is_adversarial(history: pd.DataFrame) -> bool:
    return bool(history["discriminator_loss"].notna().any())


def _label(quantity: str, adversarial: bool) -> str:
    """With a discriminator, training shows the generator's loss."""
    return "generator's training" if adversarial and quantity == "loss" else TITLES[quantity]


def _draw_history(ax: Axes, history: pd.DataFrame, quantity: str, look: Look, name: str) -> None:
    table = history[np.isfinite(history[quantity])]
    draw_line(ax, table["epoch"], table[quantity], look, name)
    begins = over_fitting(history)
    if begins is not None:
        ax.axvline(begins, color=look.colour, linestyle=":", linewidth=0.8)
