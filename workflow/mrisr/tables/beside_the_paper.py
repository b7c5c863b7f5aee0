"""The study's numbers beside those that a paper prints."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import beside
from mrisr.statistics.order import Order


class BesideThePaper:
    """See `mrisr.statistics.beside`."""

    FILES = ("beside_the_paper.csv", "beside_the_paper_blocks.csv")
    FOR_EACH = ()
    ASKED_BY = "paper"
    PAPERS = ("training-bias", "realistic-downsampling", "robust-residual", "efficient-sr")
    READS = ("networks",)
    CATEGORY = "Findings"

    @staticmethod
    def files(
        scores: pd.DataFrame, order: Order, *, paper: str, networks: pd.DataFrame | None = None
    ) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        compared = beside.cells(scores, order, paper, networks)
        yield "beside_the_paper.csv", compared
        yield "beside_the_paper_blocks.csv", beside.blocks(compared, list(order.mixtures))
