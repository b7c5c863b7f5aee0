"""All methods on each test set, with mean and deviation of every metric."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import methods
from mrisr.statistics.order import Order


class Methods:
    """See `mrisr.statistics.methods`."""

    FILES = ("methods.csv",)
    FOR_EACH = ()
    ASKED_BY = None
    CATEGORY = "Tables"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "methods.csv", methods.table(scores, order)
