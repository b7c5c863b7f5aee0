"""Scores on the families of test sets, and how far from its training value a model keeps its score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from mrisr.statistics import families as statistics
from mrisr.statistics.order import Order


class Reach:
    """See `mrisr.statistics.families`."""

    FILES = ("families.csv", "families_reach.csv")
    FOR_EACH = ()
    ASKED_BY = "families"
    OF_FAMILIES = True
    CATEGORY = "Bias"

    @staticmethod
    def files(scores: pd.DataFrame, order: Order, *, families: Mapping[str, Any]) -> Iterator[tuple[str, pd.DataFrame]]:
        """Every file of the table: its path below the folder ``tables``, and its content."""
        curves = statistics.curves(scores, order, families)
        yield "families.csv", curves
        yield "families_reach.csv", statistics.reach(curves, order)
