"""The tables that papers print: one per metric, with one row per model and one column per test set."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import tables
from mrisr.statistics.order import Order


class Wide:
    """See `mrisr.statistics.tables`."""

    FILES = ("{metric}.csv", "{metric}_std.csv")
    FOR_EACH = ("group", "metric")
    ASKED_BY = None
    CATEGORY = "Tables"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        means, spreads = tables.means(scores), tables.spreads(scores)
        for position, group in enumerate(order.groups):
            for metric in order.metrics:
                folder = f"{group}/" if position else ""
                yield f"{folder}{metric}.csv", tables.wide(means, order, metric=metric, group=group)
                yield f"{folder}{metric}_std.csv", tables.wide(spreads, order, metric=metric, group=group)
