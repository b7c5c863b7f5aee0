"""How much each model loses on a degradation that it was not trained on."""

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
    def files(scores: pd.DataFrame, order: Order) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        yield "bias.csv", bias.bias(scores, order)
