"""Selects the rows of a table that a figure shows."""

from __future__ import annotations

import pandas as pd

from mrisr.statistics.order import Order


def select(table: pd.DataFrame, order: Order, *, metric: str, scale: int, group: str | None) -> pd.DataFrame:
    """Rows of scores or of bias.csv for one metric, scale and test group (None: the primary one), without ceilings."""
    group = order.groups[0] if group is None else group
    chosen = (table["metric"] == metric) & (table["scale"] == scale) & (table["group"] == group)
    return table[chosen & ~table["architecture"].isin(list(order.ceilings))]
