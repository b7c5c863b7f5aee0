"""Compares one model with another on the same slices: the difference, its interval, and its spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import scipy.stats

from .means import means_by

INTERVAL_SUBJECTS = 5
"""Fewest subjects for an interval over subjects. With fewer, the interval describes the slices."""
LEVEL = 0.95
LIMITS = (2.5, 97.5)
"""Percentiles of the slices' differences."""


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

    The meaning of ``low`` and ``high`` depends on ``interval``. For ``subjects`` they are Student's 95 % interval of
    the mean over at least five subjects. With several seeds it is ``subjects and seeds``, see `_interval`. For
    ``slices`` they are the 2.5 and 97.5 percentiles of the slices' differences. ``seed_sd`` is the standard deviation
    of the difference over seeds. ``by_subject`` holds each subject's mean difference by the subject's code, ``by_seed``
    that of each seed by the seed's code, and ``by_subject_in`` each seed's ``by_subject``.
    """

    gap: float
    low: float
    high: float
    interval: str
    subjects: int
    seeds: int
    seed_sd: float
    by_subject: Mapping[int, float]
    by_seed: Mapping[int, float]
    by_subject_in: Mapping[int, Mapping[int, float]] = field(default_factory=dict)

    def of_seed(self, seed: int) -> Contrast:
        """The difference of one seed alone, without an interval."""
        means = self.by_subject_in[seed]
        alone = {"gap": self.by_seed[seed], "low": np.nan, "high": np.nan, "seeds": 1, "seed_sd": np.nan}
        return replace(self, **alone, subjects=len(means), by_subject=means, by_seed={seed: self.by_seed[seed]})

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
        means, seed, run, subject = means_by(gaps, where.seed, where.run, where.subject)
        of_runs, seed_of_run, _ = means_by(means, seed, run)
        of_seeds, seeds = means_by(of_runs, seed_of_run)
        of_subjects, subjects = means_by(means, subject)
        over = "slices"
        if len(subjects) >= INTERVAL_SUBJECTS:
            over = "subjects and seeds" if len(seeds) > 1 else "subjects"
            interval = _interval(of_runs.mean(), of_subjects, of_seeds)
        else:
            interval = np.percentile(means_by(gaps, where.slice)[0], LIMITS)
        return Contrast(
            gap=float(of_runs.mean()),
            low=float(interval[0]),
            high=float(interval[1]),
            interval=over,
            subjects=len(subjects),
            seeds=len(seeds),
            seed_sd=float(np.std(of_seeds, ddof=1)) if len(seeds) > 1 else np.nan,
            by_subject=_by_code(of_subjects, subjects),
            by_seed=_by_code(of_seeds, seeds),
            by_subject_in={
                code: _by_code(*means_by(means[seed == code], subject[seed == code])) for code in seeds.tolist()
            },
        )


def _by_code(means: np.ndarray, codes: np.ndarray) -> dict[int, float]:
    return dict(zip(codes.tolist(), means.tolist(), strict=True))


def overall(model: Values, where: Observations) -> float:
    """Mean of a model's values over slices, subjects, then folds and seeds, as in the tables."""
    with np.errstate(invalid="ignore"):
        where = where[model.present]
        means, run, _ = means_by(model.values[model.present], where.run, where.subject)
        return float(means_by(means, run)[0].mean())


def _interval(mean: float, by_subject: np.ndarray, by_seed: np.ndarray) -> tuple[float, float]:
    """95 % interval of a mean over subjects, and over seeds if there are several, all of them drawn from many.

    It is Student's. The variances of the mean over subjects and over seeds add up. The degrees of freedom are then
    Satterthwaite's (Biometrics Bulletin 2:110, 1946), so two seeds that differ much make a wide interval.
    """
    samples = [values for values in (by_subject, by_seed) if len(values) > 1]
    parts = [(np.var(values, ddof=1) / len(values), len(values) - 1) for values in samples]
    variance = sum(part for part, _ in parts)
    if not variance > 0:
        return (mean, mean) if variance == 0 else (np.nan, np.nan)
    degrees = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    half = scipy.stats.t.ppf((1 + LEVEL) / 2, degrees) * np.sqrt(variance)
    return mean - half, mean + half
