"""The names of a study in the study's order, and what the tables must know of its metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

MODEL = ["scale", "architecture", "loss", "training_set"]
"""Columns that name a model (its runs are told apart by seed and fold) or a baseline."""

NAMED = {
    "architecture": "architectures",
    "loss": "losses",
    "training_set": "training_sets",
    "test_set": "test_sets",
    "group": "groups",
    "metric": "metrics",
}
"""Columns of names, and the field of `Order` that lists them."""


@dataclass(frozen=True)
class Metric:
    """A metric as the tables need it: ``label`` as on axes (``PSNR (dB)``), its direction, and its options."""

    name: str
    label: str
    higher_is_better: bool
    options: Mapping[str, Any]

    @property
    def sign(self) -> int:
        """Factor that makes a difference positive when the first value is the better one."""
        return 1 if self.higher_is_better else -1

    @property
    def quantity(self) -> str:
        """The label without its unit."""
        return self.label.split(" (")[0]

    @property
    def unit(self) -> str:
        """The unit in the label, or nothing."""
        return self.label.partition(" (")[2].rstrip(")")

    def amount(self, value: float) -> str:
        """A difference for a sentence: ``0.01 dB``, two significant digits at least."""
        digits = f"{value:.2f}" if abs(value) >= 1 else f"{value:.2g}"
        return f"{digits} {self.unit}".rstrip()

    @property
    def note(self) -> str:
        """The options, ``HFEN: sigma 1.5, size 15``; nothing for a metric without."""
        options = ", ".join(f"{key} {value}" for key, value in self.options.items() if value is not None)
        return f"{self.quantity}: {options}" if options else ""


@dataclass(frozen=True)
class Order:
    """Names in the order of the study; ``architectures`` begin with the baselines, ``groups`` with the primary one.

    ``simulated`` are the test sets in which the hidden degradation stands in for real low-resolution scans,
    ``cross_validation`` says how many folds there are, if there are any.
    """

    training_sets: Sequence[str]
    test_sets: Sequence[str]
    architectures: Sequence[str]
    losses: Sequence[str]
    groups: Sequence[str]
    metrics: Mapping[str, Metric]
    mixtures: Sequence[str] = ()
    simulated: Sequence[str] = ()
    leakage: bool = False
    grid: str = "same"
    cross_validation: str = ""

    @classmethod
    def of(cls, order: Order | Mapping[str, Any]) -> Order:
        """From plain data: these fields, metrics as ``{name: {label, higher_is_better, options}}``; no others count."""
        if isinstance(order, Order):
            return order
        metrics = {
            name: Metric(name, entry["label"], entry["higher_is_better"], entry.get("options") or {})
            for name, entry in order["metrics"].items()
        }
        fields = {name: order[name] for name in cls.__dataclass_fields__ if name in order}
        return cls(**{**fields, "metrics": metrics})

    def rank(self, column: str) -> dict[str, int]:
        """Position of each name of a column in the study; an empty name (a baseline's) comes first."""
        return {"": -1, **{name: position for position, name in enumerate(getattr(self, NAMED[column]))}}

    def sort(self, table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
        """Rows in the study's order; names that the study does not know come last, by name."""
        return table.iloc[self.positions(table, by)].reset_index(drop=True)

    def positions(self, table: pd.DataFrame, by: Sequence[str]) -> list[int]:
        """Positions of a table's rows in the study's order of some columns; equal rows stay as they are."""
        keys = [self._key(column, table[column]) for column in by]
        return sorted(range(len(table)), key=lambda row: tuple(key[row] for key in keys))

    def _key(self, column: str, values: Iterable[Any]) -> list[Any]:
        if column not in NAMED:
            return list(values)
        rank = self.rank(column)
        return [(rank.get(name, len(rank)), name) for name in values]

    def names(self, column: str, found: Iterable[str]) -> list[str]:
        """The names found in a column, each once, in the study's order."""
        rank = self.rank(column)
        return sorted(set(found), key=lambda name: (rank.get(name, len(rank)), name))

    def singles(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are no mixture."""
        return [name for name in names if name not in self.mixtures]

    def note(self, metric: Metric) -> str:
        """What a table of this metric has to say beside its numbers: options, folds, leakage where it is permitted."""
        leakage = "subjects may stand in several splits (allow_leakage)" if self.leakage else ""
        stands_in = ", ".join(self.simulated)
        simulated = f"{stands_in}: no real scan, the hidden degradation stands in" if stands_in else ""
        return "; ".join(part for part in (metric.note, simulated, self.cross_validation, leakage) if part)
