"""One model against another on the same slices: the difference, how sure it is, and how it varies with the seed."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats

from .means import stepwise_mean

BOOTSTRAP_SUBJECTS = 5
"""Subjects from which on an interval is over subjects; below, slices of few people are all there is to describe."""
RESAMPLES = 10_000
LIMITS = (2.5, 97.5)


@dataclass(frozen=True)
class Observations:
    """Where the n values of a comparison come from, as integer codes [n]; a run is one fold of one seed."""

    seed: np.ndarray
    run: np.ndarray
    subject: np.ndarray
    slice: np.ndarray

    @classmethod
    def of(cls, table: pd.DataFrame) -> Observations:
        """From the columns seed, fold, subject and slice, one row an observation; a slice is one of its subject."""
        by = {"seed": ["seed"], "run": ["seed", "fold"], "subject": ["subject"], "slice": ["subject", "slice"]}
        return cls(**{name: table.groupby(columns).ngroup().to_numpy() for name, columns in by.items()})

    def indexed(self, values: np.ndarray) -> pd.Series:
        """Values [n] with where they come from as index."""
        names = ["seed", "run", "subject", "slice"]
        return pd.Series(values, pd.MultiIndex.from_arrays([getattr(self, name) for name in names], names=names))

    def __getitem__(self, chosen: np.ndarray) -> Observations:
        return Observations(self.seed[chosen], self.run[chosen], self.subject[chosen], self.slice[chosen])


@dataclass(frozen=True)
class Values:
    """One model's values [n] on the observations; not ``present`` where it was not scored, NaN where undefined."""

    values: np.ndarray
    present: np.ndarray


@dataclass(frozen=True)
class Contrast:
    """Value of the first model minus value of the second, NaN where undefined.

    ``low`` and ``high`` are, by ``interval``: over ``subjects``, the 95 % percentile bootstrap of the mean over at
    least five of them; over ``slices``, the 2.5 and 97.5 percentiles of the slices' differences. ``seed_sd`` is the
    standard deviation of the difference over seeds. ``by_subject`` holds each subject's mean difference.
    """

    gap: float
    low: float
    high: float
    interval: str
    subjects: int
    seeds: int
    seed_sd: float
    by_subject: tuple[float, ...]

    def p_value(self) -> float:
        """Two-sided Wilcoxon signed-rank test over the subjects' differences; 1 where it is undefined."""
        differences = np.array(self.by_subject)
        if np.isnan(differences).any() or not differences.any():
            return 1.0
        return float(scipy.stats.wilcoxon(differences).pvalue)


def contrast(first: Values, second: Values, where: Observations) -> Contrast | None:
    """Compare two models on the runs that both have; None if there are none."""
    runs = np.intersect1d(where.run[first.present], where.run[second.present])
    chosen = np.isin(where.run, runs) & (first.present | second.present)
    if not chosen.any():
        return None
    where = where[chosen]
    with np.errstate(invalid="ignore"):
        gaps = first.values[chosen] - second.values[chosen]
        by_run, by_subject = _averages(gaps, where)
        by_seed = stepwise_mean(by_run, ["seed"])
        over = "subjects" if len(by_subject) >= BOOTSTRAP_SUBJECTS else "slices"
        if over == "subjects":
            interval = _bootstrap(by_subject.to_numpy())
        else:
            interval = np.percentile(stepwise_mean(where.indexed(gaps), ["slice"]), LIMITS)
        return Contrast(
            gap=float(by_run.mean()),
            low=float(interval[0]),
            high=float(interval[1]),
            interval=over,
            subjects=len(by_subject),
            seeds=len(by_seed),
            seed_sd=float(np.std(by_seed.to_numpy(), ddof=1)) if len(by_seed) > 1 else np.nan,
            by_subject=tuple(by_subject.tolist()),
        )


def overall(model: Values, where: Observations) -> float:
    """Mean of a model's values over slices, subjects, then folds and seeds, as in the tables."""
    with np.errstate(invalid="ignore"):
        return float(_averages(model.values[model.present], where[model.present])[0].mean())


def _averages(values: np.ndarray, where: Observations) -> tuple[pd.Series, pd.Series]:
    """Means over slices then subjects of each run (by seed and run), and the subjects' means over runs."""
    of_subjects = stepwise_mean(where.indexed(values), ["seed", "run", "subject"])
    return stepwise_mean(of_subjects, ["seed", "run"]), stepwise_mean(of_subjects, ["subject"])


def _bootstrap(values: np.ndarray) -> np.ndarray:
    return np.percentile(values[_resamples(len(values))].mean(axis=1), LIMITS)


@functools.cache
def _resamples(count: int) -> np.ndarray:
    """Indices [RESAMPLES, count], the same for every contrast."""
    return np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
