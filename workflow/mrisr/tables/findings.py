"""What a study shows about the paper's two hypotheses."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import findings
from mrisr.statistics.order import Order


class Findings:
    """See `mrisr.statistics.findings`."""

    FILES = ("findings.csv",)
    FOR_EACH = ()
    ASKED_BY = None
    CATEGORY = "Findings"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "findings.csv", findings.table(findings.find(scores, order))
