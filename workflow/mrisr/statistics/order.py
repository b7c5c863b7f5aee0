"""The names of a study in the study's order, and the facts about its metrics that tables need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

MODEL = ["scale", "architecture", "loss", "training_set"]
"""Columns that name a model or a baseline. Seed and fold distinguish the runs of a model."""

NAMED = {
    "architecture": "architectures",
    "loss": "losses",
    "training_set": "training_sets",
    "test_set": "test_sets",
    "group": "groups",
    "metric": "metrics",
}
"""Columns that hold names, and the fields of `Order` that list those names."""


@dataclass(frozen=True)
class Metric:
    """A metric for the tables: its ``label`` as on axes (``PSNR (dB)``), its direction, and its options."""

    name: str
    label: str
    higher_is_better: bool
    options: Mapping[str, Any]

    @property
    def sign(self) -> int:
        """Factor that makes a difference positive if the first value is better."""
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
        """A difference for a sentence, such as ``0.01 dB``, with at least two significant digits."""
        digits = f"{value:.2f}" if abs(value) >= 1 else f"{value:.2g}"
        return f"{digits} {self.unit}".rstrip()

    @property
    def note(self) -> str:
        """The options, such as ``HFEN: sigma 1.5, size 15``; empty for a metric without options."""
        options = ", ".join(f"{key} {value}" for key, value in self.options.items() if value is not None)
        return f"{self.quantity}: {options}" if options else ""


@dataclass(frozen=True)
class Order:
    """Names in the order of the study. ``architectures`` begin with the baselines, ``groups`` with the primary one.

    ``ceilings`` are the baselines that see the high-resolution slice. ``simulated`` are the test sets in which the
    hidden degradation replaces real low-resolution scans. ``cross_validation`` says how many folds there are, if any.
    ``varying`` has a remark for each training or test set that contains what was learned by a method with unstable
    results. ``readings`` are other readings of a paper: for each, the study's names by those that the paper prints.
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
    ceilings: Sequence[str] = ()
    grid: str = "same"
    cross_validation: str = ""
    varying: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, order: Order | Mapping[str, Any]) -> Order:
        """Build from plain data with these fields; ``metrics`` is ``{name: {label, higher_is_better, options}}``."""
        if isinstance(order, Order):
            return order
        metrics = {
            name: Metric(name, entry["label"], entry["higher_is_better"], entry.get("options") or {})
            for name, entry in order["metrics"].items()
        }
        fields = {name: order[name] for name in cls.__dataclass_fields__ if name in order}
        return cls(**{**fields, "metrics": metrics})

    def rank(self, column: str) -> dict[str, int]:
        """Position of each name of a column in the study. An empty name (of a baseline) comes first."""
        return {"": -1, **{name: position for position, name in enumerate(getattr(self, NAMED[column]))}}

    def sort(self, table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
        """Rows in the study's order. Names that the study does not have come last, by name."""
        return table.iloc[self.positions(table, by)].reset_index(drop=True)

    def positions(self, table: pd.DataFrame, by: Sequence[str]) -> list[int]:
        """Positions of a table's rows, sorted by columns in the study's order. Equal rows keep their order."""
        keys = [self._key(column, table[column]) for column in by]
        return sorted(range(len(table)), key=lambda row: tuple(key[row] for key in keys))

    def _key(self, column: str, values: Iterable[Any]) -> list[Any]:
        if column not in NAMED:
            return list(values)
        rank = self.rank(column)
        return [(rank.get(name, len(rank)), name) for name in values]

    def names(self, column: str, found: Iterable[str]) -> list[str]:
        """The names found in a column, without repetition, in the study's order."""
        rank = self.rank(column)
        return sorted(set(found), key=lambda name: (rank.get(name, len(rank)), name))

    def singles(self, names: Iterable[str]) -> list[str]:
        """The names that are not mixtures."""
        return [name for name in names if name not in self.mixtures]

    def note(self, metric: Metric, *sets: str) -> str:
        """Remarks for a table of this metric: its options, the folds, and leakage if it is permitted.

        A row also has the remarks on its training and test sets, ``sets``.
        """
        leakage = "subjects may stand in several splits (allow_leakage)" if self.leakage else ""
        stands_in = ", ".join(self.simulated)
        simulated = f"{stands_in}: no real scan, the hidden degradation stands in" if stands_in else ""
        varying = [self.varying[name] for name in dict.fromkeys(sets) if name in self.varying]
        return "; ".join(part for part in (metric.note, simulated, *varying, self.cross_validation, leakage) if part)
