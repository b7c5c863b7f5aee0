"""The table bias.csv: how much a model loses on a degradation that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from .block import blocks
from .order import Order

COLUMNS = (
    *("scale", "architecture", "loss", "metric", "training_set", "test_set", "group"),
    *("gap", "low", "high", "subjects", "seeds"),
    *("interval", "margin", "seed_sd", "note"),
)
NAMES = ("architecture", "loss", "metric", "training_set", "test_set", "group", "interval", "note")
NUMBERS = ("gap", "low", "high", "margin", "seed_sd")


def bias(scores: pd.DataFrame, order: Order | Mapping[str, Any]) -> pd.DataFrame:
    """The table bias.csv, with `COLUMNS`.

    ``gap`` is the value of the model trained on the test set's degradation minus that of the model trained on
    ``training_set``, on the same test set. ``gap``, ``low`` and ``high`` are in the metric's own direction. ``margin``
    is the gap with its sign chosen so that positive means that the matched model is better. ``interval`` says what low
    and high range over, see `Contrast`.
    """
    order = Order.of(order)
    rows = []
    for block in blocks(scores, order):
        for (training_set, test_set), found in block.gaps.items():
            row = {**block.names, "training_set": training_set, "test_set": test_set}
            row |= {column: getattr(found, column) for column in COLUMNS if hasattr(found, column)}
            # Adding zero turns a negative zero into zero.
            note = order.note(block.metric, training_set, test_set)
            rows.append({**row, "margin": block.metric.sign * found.gap + 0.0, "note": note})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return order.sort(table, ["scale", "architecture", "loss", "metric", "training_set", "test_set", "group"])


def read(path: Path) -> pd.DataFrame:
    """Read bias.csv. A degradation called ``none`` or ``nan`` keeps its name."""
    return pd.read_csv(
        path, dtype=dict.fromkeys(NAMES, str), keep_default_na=False, na_values=dict.fromkeys(NUMBERS, "")
    )
