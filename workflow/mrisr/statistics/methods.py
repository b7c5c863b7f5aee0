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
        what the deviations are taken over; ``note`` holds remarks.
    """
    order = Order.of(order)
    means, spreads = tables.means(scores), tables.spreads(scores)
    wide, deviations = (
        cells.pivot(index=ROW, columns="metric", values="value").reindex(columns=list(order.metrics))
        for cells in (means, spreads)
    )
    found = pd.DataFrame(index=wide.index)
    for metric in order.metrics:
        found[metric], found[f"{metric}_std"] = wide[metric], deviations[metric]
    found["std_over"] = spreads.drop_duplicates(ROW).set_index(ROW)["std_over"]
    notes = [order.note(metric) for metric in order.metrics.values()]
    if note := "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part)):
        found["note"] = note
    return order.sort(found.reset_index(), ROW)
