"""The table that compares methods per test set: one row per model, with mean and deviation of every metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from . import tables
from .order import MODEL, Order

ROW = ["test_set", "group", *MODEL]


def table(scores: pd.DataFrame, order: Order | Mapping[str, Any]) -> pd.DataFrame:
    """Every model and baseline on every test set and test group.

    Parameters
    ----------
    scores : DataFrame
        As `mrisr.statistics.scores.read` gives it.
    order : Order or mapping
        An argument of `Order.of`.

    Returns
    -------
    DataFrame
        `ROW`, then ``<metric>`` and ``<metric>_std`` in the study's order, as in the wide tables. ``std_over`` says
        what the deviations are taken over; ``note`` holds remarks. If a model has several seeds, each metric also has
        ``<metric>_seed_sd``, the standard deviation of the mean over seeds.
    """
    order = Order.of(order)
    means, spreads = tables.means(scores), tables.spreads(scores)
    wide, deviations, over_seeds = (
        cells.pivot(index=ROW, columns="metric", values="value").reindex(columns=list(order.metrics))
        for cells in (means, spreads, tables.seed_spreads(scores))
    )
    found = pd.DataFrame(index=wide.index)
    for metric in order.metrics:
        found[metric], found[f"{metric}_std"] = wide[metric], deviations[metric]
        if over_seeds.notna().any(axis=None):
            found[f"{metric}_seed_sd"] = over_seeds[metric]
    found["std_over"] = spreads.drop_duplicates(ROW).set_index(ROW)["std_over"]
    found = found.reset_index()
    notes = [_note(order, *sets) for sets in zip(found["training_set"], found["test_set"], strict=True)]
    if any(notes):
        found["note"] = notes
    return order.sort(found, ROW)


def _note(order: Order, *sets: str) -> str:
    """The remarks on all metrics and on the sets of a row, each once."""
    notes = [order.note(metric, *sets) for metric in order.metrics.values()]
    return "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part))
