"""What helps against bias: the arms of a study of remedies, compared person by person (docs/remedies.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from . import flips
from .order import Order

GATE = 0.3
"""By how many dB of PSNR the oracle has to beat both blind simulations, for a test set to count for the kernels."""
LEAST_SUBJECTS = 6
"""Below this a sign-flip test cannot reach 5 %."""
LEVEL = 0.05
OF_SITES = ("dsgan", "dsn", "oracle", "paired")
"""Arms that belong to one test set."""
GATED_BY = "psnr"
COLUMNS = (
    *("scale", "architecture", "loss", "metric", "role", "measure", "difference", "low", "high", "p", "p_adjusted"),
    *("subjects", "test_sets", "verdict", "statement"),
)
BLOCK = ["scale", "architecture", "loss"]


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
        return max(means, key=lambda name: means[name])

    def passes(self, site: str) -> bool:
        """Whether the oracle beats both blind simulations of a site by `GATE`."""
        oracle = self.of(self.asked["sites"][site]["oracle"], site).mean()
        blind = [self.of(self.asked[name], site).mean() for name in ("blur", "zero_filling")]
        return bool(oracle - max(blind) >= GATE)


def tables(
    scores: pd.DataFrame, order: Order, asked: Mapping[str, Any], routes: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Files of the table: the measures, and every test set with its arms."""
    measures, draws = [], []
    people = scores[scores["group"] == order.groups[0]]
    for block, of_block in people[people["training_set"] != ""].groupby(BLOCK, sort=False):
        arms = {metric: _arms(of_block, metric, order, asked, routes, int(block[0])) for metric in order.metrics}
        gate = arms.get(GATED_BY)
        passed = [site for site in asked["sites"] if gate is not None and gate.passes(site)]
        for metric, of_metric in arms.items():
            labels = {**dict(zip(BLOCK, block, strict=True)), "metric": metric}
            role = "primary" if metric == GATED_BY else "secondary"
            measures += [{**labels, "role": role, **row} for row in _family(_differences(of_metric, passed))]
            measures += [{**labels, "role": "secondary", **row} for row in _family(_without(of_metric))]
            draws += [{**labels, **row} for row in _draws(of_metric, passed)]
    yield "remedies.csv", pd.DataFrame(measures, columns=list(COLUMNS))
    yield "remedies_test_sets.csv", pd.DataFrame(draws)


def _arms(
    scores: pd.DataFrame, metric: str, order: Order, asked: Mapping[str, Any], routes: pd.DataFrame, scale: int
) -> Arms:
    chosen = scores[scores["metric"] == metric]
    levels = ["training_set", "test_set", "subject"]
    means = chosen.groupby([*levels, "seed"], sort=False)["value"].mean().groupby(levels, sort=False).mean()
    of_scale = routes[routes["scale"] == scale]
    routed = dict(zip(zip(of_scale["test_set"], of_scale["subject"], strict=True), of_scale["specialist"], strict=True))
    return Arms(means.unstack("subject"), asked, routed, 1 if order.metrics[metric].higher_is_better else -1)


def _family(differences: Mapping[str, tuple[np.ndarray, int] | None]) -> Iterator[dict[str, Any]]:
    """One row a measure. The measures of a family are corrected together."""
    family = {name: found for name, found in differences.items() if found is not None}
    if not family:
        return
    columns = np.column_stack([values for values, _ in family.values()])
    alone, corrected = flips.p_values(columns), flips.max_t(columns)
    for n, (name, (values, test_sets)) in enumerate(family.items()):
        mean, count = float(values.mean()), len(values)
        half = stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
        verdict = _verdict(mean, corrected[n], count)
        yield {
            "measure": name,
            "difference": mean,
            "low": mean - half,
            "high": mean + half,
            "p": alone[n],
            "p_adjusted": corrected[n],
            "subjects": count,
            "test_sets": test_sets,
            "verdict": verdict,
            "statement": _statement(name, mean, verdict, count, test_sets),
        }


def _differences(arms: Arms, passed: Sequence[str]) -> dict[str, tuple[np.ndarray, int] | None]:
    """For each measure the mean difference of each person [n], and the number of test sets. None if none counts."""
    asked, everywhere = arms.asked, arms.test_sets
    best = arms.best_specialist()
    found = {
        "dsgan minus blur": _mean(
            [arms.of(asked["sites"][site]["dsgan"], site) - arms.of(asked["blur"], site) for site in passed]
        ),
        f"combine minus best specialist ({best})": _mean(
            [arms.of(asked["combine"], t) - arms.of(best, t) for t in everywhere]
        ),
        "router minus combine": _mean([arms.router(t) - arms.of(asked["combine"], t) for t in everywhere]),
    }
    if asked.get("randomised"):
        found["randomised minus combine"] = _mean(
            [arms.of(asked["randomised"], t) - arms.of(asked["combine"], t) for t in everywhere]
        )
    return found


def _without(arms: Arms) -> dict[str, tuple[np.ndarray, int] | None]:
    """The same for each mixture without a family of degradations."""
    combine = arms.asked["combine"]
    return {
        f"{name} minus combine": _mean([arms.of(name, t) - arms.of(combine, t) for t in arms.test_sets])
        for name in arms.asked.get("without") or ()
    }


def _mean(differences: Sequence[np.ndarray]) -> tuple[np.ndarray, int] | None:
    """Mean over the test sets that have values."""
    usable = [values for values in differences if np.isfinite(values).all()]
    return (np.mean(usable, axis=0), len(usable)) if usable else None


def _verdict(mean: float, p: float, subjects: int) -> str:
    if subjects < LEAST_SUBJECTS or not p < LEVEL:
        return "undecided"
    return "better" if mean > 0 else "worse"


def _statement(measure: str, mean: float, verdict: str, subjects: int, test_sets: int) -> str:
    first, _, second = measure.partition(" minus ")
    said = {"undecided": "is not decided to differ from", "better": "is better than", "worse": "is worse than"}[verdict]
    return f"{first} {said} {second}: {mean:+.3g} over {test_sets} test sets and {subjects} people"


def _draws(arms: Arms, passed: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Means of all arms on each test set, and what the router chose there."""
    asked = arms.asked
    for test_set in arms.test_sets:
        site = asked["sites"].get(test_set, {})
        shared = {name: asked[name] for name in ("blur", "zero_filling", "combine", "randomised") if asked.get(name)}
        own = {arm: site[arm] for arm in OF_SITES if site.get(arm)}
        specialists = {f"specialist {name}": name for name in asked["specialists"]}
        without = {name: name for name in asked.get("without") or ()}
        means = {
            label: arms.sign * float(arms.of(arm, test_set).mean())
            for label, arm in {**shared, **specialists, **without, **own}.items()
        }
        chosen = pd.Series([arms.routed.get((test_set, subject)) for subject in arms.subjects]).value_counts()
        yield {
            "test_set": test_set,
            "gate": ("passed" if test_set in passed else "failed") if site else "",
            "recovered": _recovered(means) if site else np.nan,
            "router": arms.sign * float(arms.router(test_set).mean()),
            "router_chose": ", ".join(f"{name} {count}" for name, count in chosen.items()),
            **{arm: means.get(arm, np.nan) for arm in OF_SITES},
            **{label: value for label, value in means.items() if label not in own},
        }


def _recovered(means: Mapping[str, float]) -> float:
    """The share of the oracle's lead over the Gaussian blur that DSGAN has."""
    lead = means["oracle"] - means["blur"]
    return (means["dsgan"] - means["blur"]) / lead if lead else np.nan
