"""Selects the rows of a table that a figure shows."""

from __future__ import annotations

import pandas as pd

from mrisr.statistics.order import Order


def select(table: pd.DataFrame, order: Order, *, metric: str, scale: int, group: str | None) -> pd.DataFrame:
    """Rows of scores or of bias.csv for one metric, scale and test group (the primary one if None)."""
    group = order.groups[0] if group is None else group
    return table[(table["metric"] == metric) & (table["scale"] == scale) & (table["group"] == group)]
