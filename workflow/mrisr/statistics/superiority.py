"""What the robust-residual paper claims: networks restore better than classical methods. Decided from the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .differences import Differences
from .family import LEVEL
from .means import RUN, stepwise_mean
from .order import Metric, Order
from .tables import defined

CLAIMS = {
    "rrlsrn": ("cubic_spline", "nmu", "lrtv", "srcnn"),
    "srcnn": ("cubic_spline", "nmu", "lrtv"),
}
"""Each network with the methods that it is said to surpass, under the names of this project's study files."""
WHERE = ["scale", "test_set", "group", "metric"]
COLUMNS = [
    *("claim", *WHERE, "model", "rival", "value", "rival_value", "margin", "low", "high", "p_value"),
    *("subjects", "result", "decision", "sentence"),
]


def verdicts(scores: pd.DataFrame, order: Order | Mapping[str, Any]) -> pd.DataFrame:
    """One row for each claim, scale, test set, test group and metric, with `COLUMNS`.

    Networks are those that were trained on the test set's degradation. ``margin`` is positive if the network is better.
    ``result`` says whether the mean margin is above 0 on these slices. ``decision`` rests on Wilcoxon's signed-rank
    test over subjects' means: ``supported`` if the network is better beyond chance, ``contradicted`` if it is worse
    beyond chance, ``undecided`` otherwise.
    """
    order = Order.of(order)
    scores = defined(scores[scores["metric"].isin(list(order.metrics))])
    matched = scores["training_set"].isin([""]) | (scores["training_set"] == scores["test_set"])
    rows = []
    for names, table in order.sort(scores[matched], WHERE).groupby(WHERE, sort=False):
        means = {name: _subject_means(own) for name, own in table.groupby("architecture")}
        for model, rivals in CLAIMS.items():
            for rival in rivals:
                if model in means and rival in means:
                    rows.append(_row(names, order, model, rival, means[model], means[rival]))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(names: tuple, order: Order, model: str, rival: str, own: pd.Series, others: pd.Series) -> dict[str, Any]:
    row, metric = dict(zip(WHERE, names, strict=True)), order.metrics[names[-1]]
    subjects = own.index.intersection(others.index)
    own, others = own[subjects], others[subjects]
    numbers = Differences(metric.sign * (own - others).to_numpy()).numbers()
    margin, p_value = numbers["difference"], numbers["p_wilcoxon"]
    decision = "undecided"
    if p_value < LEVEL:
        decision = "supported" if margin > 0 else "contradicted"
    row |= {"claim": f"{model} is better than {rival}", "model": model, "rival": rival, "p_value": p_value}
    row |= {"value": own.mean(), "rival_value": others.mean(), "margin": margin}
    row |= {"low": numbers["low"], "high": numbers["high"], "subjects": len(own)}
    row |= {"result": "shown on these slices" if margin > 0 else "not shown", "decision": decision}
    return {**row, "sentence": _sentence(row, metric)}


def _sentence(row: Mapping[str, Any], metric: Metric) -> str:
    """The row in words."""
    where = f"x{row['scale']} on {row['test_set']}, test group {row['group']}"
    if np.isnan(row["margin"]):
        return f"{where}: the {metric.quantity} of {row['model']} or of {row['rival']} is undefined."
    better = "better" if row["margin"] > 0 else "worse"
    amount = "equal to" if row["margin"] == 0 else f"{metric.amount(abs(row['margin']))} {better} than"
    count = f"{row['subjects']} subject{'s' if row['subjects'] != 1 else ''}"
    verdict = {
        "supported": "the claim is supported",
        "contradicted": "the claim is contradicted",
        "undecided": "the claim is undecided",
    }[row["decision"]]
    own = f"the {metric.quantity} of {row['model']} is {amount} that of {row['rival']}"
    return f"{where}: {own} ({count}); {verdict}."


def _subject_means(table: pd.DataFrame) -> pd.Series:
    """Means of each subject over slices, then over all models of an architecture."""
    keys = ["subject", "loss", "training_set", *RUN]
    return stepwise_mean(table.set_index(keys)["value"], keys, ["subject"])
