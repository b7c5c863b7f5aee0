"""The efficient-sr paper's claim, decided from the study's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import efficiency
from mrisr.statistics.order import Order


class Efficiency:
    """See `mrisr.statistics.efficiency`."""

    FILES = ("verdicts.csv",)
    FOR_EACH = ()
    ASKED_BY = "paper"
    PAPERS = ("efficient-sr",)
    READS = ("networks",)
    CATEGORY = "Findings"

    @staticmethod
    def files(
        scores: pd.DataFrame, order: Order, *, paper: str, networks: pd.DataFrame | None = None
    ) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "verdicts.csv", efficiency.verdicts(scores, order, networks)
