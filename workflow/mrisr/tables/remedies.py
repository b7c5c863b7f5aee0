"""What helps against bias, for a study that names its arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from mrisr.statistics import remedies as statistics
from mrisr.statistics.order import Order


class Remedies:
    """See `mrisr.statistics.remedies`."""

    FILES = ("remedies.csv", "remedies_test_sets.csv")
    FOR_EACH = ()
    ASKED_BY = "remedies"
    CATEGORY = "Findings"
    READS = ("routes",)

    @staticmethod
    def files(
        scores: pd.DataFrame, order: Order, *, remedies: Mapping[str, Any], routes: pd.DataFrame
    ) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield from statistics.tables(scores, order, remedies, routes)
