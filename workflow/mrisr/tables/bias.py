"""What not having seen a degradation costs, model by model."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from mrisr.statistics import bias
from mrisr.statistics.order import Order


class Bias:
    """See `mrisr.statistics.bias`."""

    FILES = ("bias.csv",)
    FOR_EACH = ()
    ASKED_BY = None
    CATEGORY = "Findings"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order, *, against: str | None) -> Iterator[tuple[str, pd.DataFrame]]:
        """Name below the folder ``tables``, and content, of every file."""
        yield "bias.csv", bias.bias(scores, order)
