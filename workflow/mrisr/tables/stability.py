"""The two hypotheses under each metric of the study: do the metrics agree?"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import stability
from mrisr.statistics.order import Order


class Stability:
    """See `mrisr.statistics.stability`."""

    FILES = ("stability.csv",)
    FOR_EACH = ()
    ASKED_BY = None
    CATEGORY = "Findings"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "stability.csv", stability.table(scores, order)
