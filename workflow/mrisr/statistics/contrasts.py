"""Compares one model with another on the same slices: the difference, its interval, and its spread over seeds."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats

from .means import stepwise_mean

BOOTSTRAP_SUBJECTS = 5
"""Fewest subjects for an interval over subjects. With fewer, the interval describes the slices."""
RESAMPLES = 10_000
LIMITS = (2.5, 97.5)


@dataclass(frozen=True)
class Observations:
    """The run, subject and slice of each of the n values of a comparison, as integer codes [n].

    A run is one fold of one seed. ``names`` are those of the subjects, by code.
    """

    seed: np.ndarray
    run: np.ndarray
    subject: np.ndarray
    slice: np.ndarray
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: pd.DataFrame) -> Observations:
        """Build from the columns seed, fold, subject and slice, with one row per observation."""
        by = {"seed": ["seed"], "run": ["seed", "fold"], "subject": ["subject"], "slice": ["subject", "slice"]}
        codes = {name: table.groupby(columns).ngroup().to_numpy() for name, columns in by.items()}
        return cls(**codes, names=tuple(sorted(table["subject"].unique())))

    def indexed(self, values: np.ndarray) -> pd.Series:
        """Values [n] as a series whose index says where they come from."""
        names = ["seed", "run", "subject", "slice"]
        return pd.Series(values, pd.MultiIndex.from_arrays([getattr(self, name) for name in names], names=names))

    def __getitem__(self, chosen: np.ndarray) -> Observations:
        return Observations(self.seed[chosen], self.run[chosen], self.subject[chosen], self.slice[chosen], self.names)


@dataclass(frozen=True)
class Values:
    """One model's values [n] on the observations: NaN if undefined; ``present`` is false if it was not scored."""

    values: np.ndarray
    present: np.ndarray


@dataclass(frozen=True)
class Contrast:
    """Value of the first model minus value of the second, NaN if undefined.

    The meaning of ``low`` and ``high`` depends on ``interval``. For ``subjects`` they are the 95 % percentile bootstrap
    of the mean over at least five subjects. With several seeds it is ``subjects and seeds``, see `_both`. For
    ``slices`` they are the 2.5 and 97.5 percentiles of the slices' differences. ``seed_sd`` is the standard deviation
    of the difference over seeds. ``by_subject`` holds each subject's mean difference, by the subject's code, and
    ``by_seed`` that of each seed.
    """

    gap: float
    low: float
    high: float
    interval: str
    subjects: int
    seeds: int
    seed_sd: float
    by_subject: Mapping[int, float]
    by_seed: tuple[float, ...]

    def wilcoxon(self) -> float:
        """Two-sided p-value of Wilcoxon's signed-rank test over the subjects' differences; 1 if undefined."""
        differences = np.array(list(self.by_subject.values()))
        if not np.isfinite(differences).all() or not differences.any():
            return 1.0
        return float(scipy.stats.wilcoxon(differences).pvalue)


def contrast(first: Values, second: Values, where: Observations) -> Contrast | None:
    """Compare two models on their common runs; None if there are none."""
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
        if over == "subjects" and len(by_seed) > 1:
            over, interval = "subjects and seeds", _both(by_run.mean(), by_subject.to_numpy(), by_seed.to_numpy())
        elif over == "subjects":
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
            by_subject=dict(by_subject),
            by_seed=tuple(by_seed.tolist()),
        )


def overall(model: Values, where: Observations) -> float:
    """Mean of a model's values over slices, subjects, then folds and seeds, as in the tables."""
    with np.errstate(invalid="ignore"):
        return float(_averages(model.values[model.present], where[model.present])[0].mean())


def _averages(values: np.ndarray, where: Observations) -> tuple[pd.Series, pd.Series]:
    """The mean of each run (over slices, then subjects), by seed and run; and the mean of each subject over runs."""
    of_subjects = stepwise_mean(where.indexed(values), ["seed", "run", "subject"])
    return stepwise_mean(of_subjects, ["seed", "run"]), stepwise_mean(of_subjects, ["subject"])


def _both(mean: float, by_subject: np.ndarray, by_seed: np.ndarray) -> tuple[float, float]:
    """95 % interval of a mean over subjects and seeds, both of them drawn from many.

    The variances of the mean over subjects and over seeds add up. The degrees of freedom are Satterthwaite's
    (Biometrics Bulletin 2:110, 1946), so two seeds that differ much make a wide interval.
    """
    parts = [(np.var(values, ddof=1) / len(values), len(values) - 1) for values in (by_subject, by_seed)]
    variance = sum(part for part, _ in parts)
    if not variance > 0:
        return (mean, mean) if variance == 0 else (np.nan, np.nan)
    degrees = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    half = scipy.stats.t.ppf(0.975, degrees) * np.sqrt(variance)
    return mean - half, mean + half


def _bootstrap(values: np.ndarray) -> np.ndarray:
    return np.percentile(values[_resamples(len(values))].mean(axis=1), LIMITS)


@functools.cache
def _resamples(count: int) -> np.ndarray:
    """Indices [RESAMPLES, count], the same for every contrast."""
    return np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
