"""The values of all arms of a study of remedies, person by person (docs/remedies.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

GATE = 0.3
"""By how many dB of PSNR the oracle has to beat both blind simulations, for a test set to count for the kernels."""


@dataclass(frozen=True)
class Arms:
    """The values of all arms of one architecture and loss, in one metric.

    Attributes
    ----------
    values : DataFrame
        Index (training_set, test_set), a column for each person: means over slices, then over seeds.
    asked : mapping
        ``evaluation.remedies`` of the study.
    routed : {(test_set, subject): specialist}
    sign : int
        1 if higher values are better, else -1. Differences are multiplied by it.
    """

    values: pd.DataFrame
    asked: Mapping[str, Any]
    routed: Mapping[tuple[str, str], str]
    sign: int

    @property
    def test_sets(self) -> list[str]:
        """The test sets, in the order of the table."""
        return list(dict.fromkeys(self.values.index.get_level_values("test_set")))

    @property
    def subjects(self) -> list[str]:
        """The test people."""
        return list(self.values.columns)

    def of(self, arm: str | Sequence[str], test_set: str) -> np.ndarray:
        """Values of the people [n]: of a training set, or the mean of several. NaN where there is none."""
        names = [arm] if isinstance(arm, str) else list(arm)
        found = [self.values.loc[(name, test_set)] for name in names if (name, test_set) in self.values.index]
        return self.sign * np.mean(found, axis=0) if found else np.full(len(self.subjects), np.nan)

    def router(self, test_set: str) -> np.ndarray:
        """Values of the people [n]: each has that of the specialist that was chosen for it."""
        chosen = [self.routed.get((test_set, subject)) for subject in self.subjects]
        return np.array([np.nan if name is None else self.of(name, test_set)[n] for n, name in enumerate(chosen)])

    def best_specialist(self) -> str:
        """The specialist with the best mean over all test sets."""
        means = {name: np.mean([self.of(name, t) for t in self.test_sets]) for name in self.asked["specialists"]}
        return max(means, key=lambda name: np.nan_to_num(means[name], nan=-np.inf))

    def passes(self, site: str) -> bool:
        """Whether the oracle beats both blind simulations of a site by `GATE`."""
        oracle = self.of(self.asked["sites"][site]["oracle"], site).mean()
        blind = [self.of(self.asked[name], site).mean() for name in ("blur", "zero_filling")]
        return bool(oracle - max(blind) >= GATE)
