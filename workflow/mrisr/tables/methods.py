"""All methods on each test set, mean and deviation of every metric side by side."""

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
    def files(scores: pd.DataFrame, order: Order, *, against: str | None) -> Iterator[tuple[str, pd.DataFrame]]:
        """Name below the folder ``tables``, and content, of every file."""
        yield "methods.csv", methods.table(scores, order)
