"""Paired tests of one method against all others."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import paired
from mrisr.statistics.order import Order


class Tests:
    """See `mrisr.statistics.paired`."""

    FILES = ("tests.csv",)
    FOR_EACH = ()
    ASKED_BY = "against"
    CATEGORY = "Findings"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order, *, against: str) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "tests.csv", paired.paired_tests(scores, order, against=against)
