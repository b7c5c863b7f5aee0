"""The perceptual-gan paper's claims, decided from the study's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import perceptual
from mrisr.statistics.order import Order


class Perceptual:
    """See `mrisr.statistics.perceptual`."""

    FILES = ("verdicts.csv",)
    FOR_EACH = ()
    ASKED_BY = "paper"
    PAPERS = ("perceptual-gan",)
    READS = ("histories", "diversity")
    CATEGORY = "Findings"

    @staticmethod
    def files(
        scores: pd.DataFrame,
        order: Order,
        *,
        paper: str,
        histories: pd.DataFrame,
        diversity: pd.DataFrame | None = None,
    ) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "verdicts.csv", perceptual.verdicts(scores, order, histories, diversity)
