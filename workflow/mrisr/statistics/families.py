"""Score against the value of an option, and how far from its training value a model keeps its score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from . import tables
from .order import MODEL, Order

NAMES = ["family", "option", *MODEL, "group", "metric"]
COLUMNS = [*NAMES, "value", "home", "score", "std", "std_over", "subjects"]
REACH_COLUMNS = [
    *(*NAMES, "reference", "within", "home", "at_home"),
    *("low", "low_open", "high", "high_open", "share", "subjects"),
]
WITHIN = 1.0
"""Loss in dB that still counts as keeping the score."""
UNIT = "dB"
"""Unit of the metrics for which a loss of `WITHIN` has a meaning."""


def curves(scores: pd.DataFrame, order: Order | Mapping[str, Any], families: Mapping[str, Any]) -> pd.DataFrame:
    """One row for each member of a family, model or baseline, test group and metric, with `COLUMNS`.

    ``value`` is the option's value, ``home`` that of the training set (NaN if it is not of the family), ``score`` and
    ``std`` are as in the wide tables.
    """
    order = Order.of(order)
    chosen = scores[scores["test_set"].isin([member for family in families.values() for member in family["members"]])]
    cells = tables.means(chosen).rename(columns={"value": "score"})
    spread = tables.spreads(chosen).rename(columns={"value": "std"})
    cells = cells.merge(spread, on=tables.CELL)
    count = chosen.groupby(tables.CELL, dropna=False)["subject"].nunique().rename("subjects").reset_index()
    cells = cells.merge(count, on=tables.CELL)
    parts = []
    for name, family in families.items():
        part = cells[cells["test_set"].isin(list(family["members"]))].copy()
        part["value"] = part["test_set"].map(family["members"])
        part["home"] = part["training_set"].map(family["homes"]).astype(float)
        parts.append(
            order.sort(part.assign(family=name, option=family["option"]), [*MODEL, "group", "metric", "value"])
        )
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def reach(found: pd.DataFrame, order: Order | Mapping[str, Any]) -> pd.DataFrame:
    """One row for each family, trained model, test group, metric in dB and reference, with `REACH_COLUMNS`.

    The model keeps its score at a value of the option where it loses at most `WITHIN` dB against the reference:
    ``own`` is its own score at its training value, ``best`` the best score there of all models of the same architecture
    and loss. Between tested values scores are interpolated linearly. ``low`` and ``high`` are the ends of the interval
    around the training value on which it keeps its score. An end is open if the score is still kept at the last tested
    value. Both are NaN if the training value is not of the family or was not tested around. ``share`` is the part of
    the whole tested range on which the score is kept.
    """
    order = Order.of(order)
    metrics = [name for name, metric in order.metrics.items() if metric.unit == UNIT]
    trained = found[(found["training_set"] != "") & found["metric"].isin(metrics)]
    rows = []
    together = [name for name in NAMES if name != "training_set"]
    for names, block in trained.groupby(together, sort=False):
        one_a_model = block.pivot(index="value", columns="training_set", values="score")
        sign = order.metrics[names[-1]].sign
        best = sign * (sign * one_a_model).max(axis=1)
        for training_set, model in block.groupby("training_set", sort=False):
            score, home = one_a_model[training_set], model["home"].iloc[0]
            at_home = _at(score, home)
            own = pd.Series(at_home, index=score.index)
            for reference, level in (("own", own), ("best", best)):
                row = dict(zip(together, names, strict=True))
                row |= {"training_set": training_set, "reference": reference, "within": WITHIN}
                row |= {"home": home, "at_home": at_home, "subjects": model["subjects"].min()}
                rows.append(row | _kept(sign * (level - score), home))
    return pd.DataFrame(rows, columns=REACH_COLUMNS)


def _at(curve: pd.Series, value: float) -> float:
    """A curve at a value of the option; NaN outside the tested values."""
    return float(np.interp(value, curve.index, curve, left=np.nan, right=np.nan))


def _kept(loss: pd.Series, home: float) -> dict[str, Any]:
    """Where a loss, by the option's value, is at most `WITHIN`."""
    nothing = {"low": np.nan, "low_open": None, "high": np.nan, "high_open": None, "share": np.nan}
    if not np.isfinite(loss).all():
        return nothing
    values = loss.index.to_numpy(float)
    intervals = _intervals(values, loss.to_numpy(float) - WITHIN)
    share = sum(high - low for low, high in intervals) / (values[-1] - values[0])
    for low, high in intervals:
        if low <= home <= high:
            return {"low": low, "low_open": low == values[0], "high": high, "high_open": high == values[-1]} | {
                "share": share
            }
    return {**nothing, "share": share}


def _intervals(values: np.ndarray, excess: np.ndarray) -> list[tuple[float, float]]:
    """Where the linear interpolation of ``excess`` is at most 0, as intervals that do not touch."""
    found: list[tuple[float, float]] = []
    for a, b, before, after in zip(values, values[1:], excess, excess[1:], strict=False):
        if before > 0 and after > 0:
            continue
        crossing = a + (b - a) * before / (before - after) if before * after < 0 else np.nan
        low, high = crossing if before > 0 else a, crossing if after > 0 else b
        if before * after == 0 and max(before, after) > 0:
            low, high = (a, a) if before == 0 else (b, b)
        if found and found[-1][1] == low:
            low = found.pop()[0]
        found.append((float(low), float(high)))
    return found
