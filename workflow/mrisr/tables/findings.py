"""What a study shows of the paper's two hypotheses."""

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
    def files(scores: pd.DataFrame, order: Order, *, against: str | None) -> Iterator[tuple[str, pd.DataFrame]]:
        """Name below the folder ``tables``, and content, of every file."""
        yield "findings.csv", findings.table(findings.find(scores, order))
