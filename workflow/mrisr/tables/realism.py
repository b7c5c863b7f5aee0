"""The realistic-downsampling paper's claims, decided from the study's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import realism
from mrisr.statistics.order import Order


class Realism:
    """See `mrisr.statistics.realism`."""

    FILES = ("verdicts.csv",)
    FOR_EACH = ()
    ASKED_BY = "paper"
    PAPERS = ("realistic-downsampling",)
    CATEGORY = "Findings"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order, *, paper: str) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "verdicts.csv", realism.verdicts(scores, order)
