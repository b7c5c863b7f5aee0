"""What helps against bias: the arms of a study of remedies, compared person by person (docs/remedies.md)."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import measures
from .arms import Arms
from .means import stepwise_mean
from .order import Order
from .tables import defined

OF_SITES = ("dsgan", "dsn", "oracle", "paired")
"""Arms that belong to one test set."""
GATED_BY = "psnr"
COLUMNS = (
    *("scale", "architecture", "loss", "metric", "role", "measure", "difference", "low", "high", "p", "p_adjusted"),
    *("subjects", "test_sets", "seeds", "seeds_agree", "verdict", "statement"),
)
BLOCK = ["scale", "architecture", "loss"]


def tables(
    scores: pd.DataFrame, order: Order, asked: Mapping[str, Any], routes: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Files of the table: the measures, and every test set with its arms."""
    rows, draws = [], []
    whole = dict.fromkeys(("subjects", "test_sets", "seeds", "seeds_agree"), "Int64")
    people = scores[scores["group"] == order.groups[0]]
    for block, of_block in people[people["training_set"] != ""].groupby(BLOCK, sort=False):
        arms = {metric: _arms(of_block, metric, order, asked, routes, int(block[0])) for metric in order.metrics}
        gate = arms.get(GATED_BY)
        passed = [site for site in asked["sites"] if gate is not None and gate.passes(site)]
        for metric, of_metric in arms.items():
            labels = {**dict(zip(BLOCK, block, strict=True)), "metric": metric}
            role = "primary" if metric == GATED_BY else "secondary"
            seeds = [
                _arms(of_seed, metric, order, asked, routes, int(block[0])) for _, of_seed in of_block.groupby("seed")
            ]
            primary = functools.partial(measures.differences, passed=passed, best=of_metric.best_specialist())
            families = ((role, primary), ("secondary", measures.without), ("secondary", measures.robustness))
            for role_of_family, differences in families:
                found = measures.family(differences(of_metric), [differences(arms) for arms in seeds])
                rows += [{**labels, "role": role_of_family, **row} for row in found]
            draws += [{**labels, **row} for row in _draws(of_metric, passed)]
    yield "remedies.csv", pd.DataFrame(rows, columns=list(COLUMNS)).astype(whole)
    yield "remedies_test_sets.csv", pd.DataFrame(draws)


def _arms(
    scores: pd.DataFrame, metric: str, order: Order, asked: Mapping[str, Any], routes: pd.DataFrame, scale: int
) -> Arms:
    chosen = defined(scores[scores["metric"] == metric])
    levels = ["training_set", "test_set", "subject"]
    means = stepwise_mean(chosen.set_index([*levels, "seed"])["value"], [*levels, "seed"], levels)
    of_scale = routes[routes["scale"] == scale]
    routed = dict(zip(zip(of_scale["test_set"], of_scale["subject"], strict=True), of_scale["specialist"], strict=True))
    return Arms(means.unstack("subject"), asked, routed, 1 if order.metrics[metric].higher_is_better else -1)


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
