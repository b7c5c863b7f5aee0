"""What the efficient-sr paper claims: a small network is no worse than larger ones. Decided from a study's numbers."""

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

SMALL, RIVALS = "fmen", ("vdsr", "srgan")
"""The paper's networks, under the names of this project's study files."""
COLUMNS = [
    *("claim", "scale", "test_set", "group", "metric", "model", "rival", "parameters", "rival_parameters", "ratio"),
    *("value", "rival_value", "margin", "low", "high", "p_value", "subjects", "result", "decision", "sentence"),
]
CLAIM = "FMEN is no worse than its larger rival"


def verdicts(
    scores: pd.DataFrame, order: Order | Mapping[str, Any], networks: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row for each rival, scale, test set, test group and metric, with `COLUMNS`.

    ``margin`` is positive if the small network is better. ``result`` says whether it is no worse on these images:
    whether the mean margin is at least 0. ``decision`` rests on Wilcoxon's signed-rank test over images' means:
    ``supported`` if the small network is better beyond chance, ``contradicted`` if it is worse beyond chance,
    ``undecided`` otherwise. ``parameters`` are those that make estimates of the small network, and all that were
    trained of the rival, as the paper counts; blank without ``networks``, the table parameters.csv.
    """
    order, sizes = Order.of(order), _sizes(networks)
    scores = defined(scores[scores["metric"].isin(list(order.metrics))])
    rows = []
    for names, table in order.sort(scores, ["scale", "test_set", "group", "metric"]).groupby(
        ["scale", "test_set", "group", "metric"], sort=False
    ):
        means = {name: _subject_means(table, name) for name in (SMALL, *RIVALS)}
        for rival in RIVALS:
            subjects = means[SMALL].index.intersection(means[rival].index)
            if len(subjects):
                rows.append(_row(names, order, rival, means[SMALL][subjects], means[rival][subjects], sizes))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(
    names: tuple, order: Order, rival: str, own: pd.Series, others: pd.Series, sizes: Mapping[tuple, float]
) -> dict[str, Any]:
    scale, _, group, name = names
    metric = order.metrics[name]
    numbers = Differences(metric.sign * (own - others).to_numpy()).numbers()
    margin, p_value = numbers["difference"], numbers["p_wilcoxon"]
    parameters, larger = sizes.get((scale, SMALL), np.nan), sizes.get((scale, rival), np.nan)
    result = "shown on these slices" if margin >= 0 else "not shown"
    decision = "undecided"
    if p_value < LEVEL:
        decision = "supported" if margin > 0 else "contradicted"
    row = dict(zip(("scale", "test_set", "group", "metric"), names, strict=True))
    row |= {"claim": CLAIM, "model": SMALL, "rival": rival}
    row |= {"parameters": parameters, "rival_parameters": larger, "ratio": parameters / larger}
    row |= {"value": own.mean(), "rival_value": others.mean(), "margin": margin, "p_value": p_value}
    row |= {"low": numbers["low"], "high": numbers["high"], "subjects": len(own)}
    row |= {"result": result, "decision": decision}
    return {**row, "sentence": _sentence(row, metric, group if group != order.groups[0] else "")}


def _sentence(row: Mapping[str, Any], metric: Metric, group: str) -> str:
    """The row in words."""
    size = "" if np.isnan(row["ratio"]) else f" with {row['ratio']:.2g} times its parameters"
    where = f"x{row['scale']} on {row['test_set']}{f', test group {group}' if group else ''}"
    if np.isnan(row["margin"]):
        return f"{where}: the {metric.quantity} of {SMALL} or of {row['rival']} is undefined."
    better = "better" if row["margin"] > 0 else "worse"
    amount = "equal to" if row["margin"] == 0 else f"{metric.amount(abs(row['margin']))} {better} than"
    images = f"{row['subjects']} image{'s' if row['subjects'] != 1 else ''}"
    verdict = {
        "supported": "the claim is supported",
        "contradicted": "the claim is contradicted",
        "undecided": "the difference may be chance, so the claim is undecided",
    }[row["decision"]]
    return f"{where}: the {metric.quantity} of {SMALL}{size} is {amount} that of {row['rival']} ({images}); {verdict}."


def _sizes(networks: pd.DataFrame | None) -> dict[tuple, float]:
    """Parameters as the paper counts them, by scale and architecture."""
    if networks is None:
        return {}
    rows = networks.drop_duplicates(["scale", "architecture"], keep="last").to_dict("records")
    column = {SMALL: "parameters"}
    return {(r["scale"], r["architecture"]): r[column.get(r["architecture"], "trained_parameters")] for r in rows}


def _subject_means(table: pd.DataFrame, architecture: str) -> pd.Series:
    """Means of each image over slices, then over all models of an architecture."""
    own = table[(table["architecture"] == architecture) & (table["training_set"] != "")]
    keys = ["subject", "loss", "training_set", *RUN]
    return stepwise_mean(own.set_index(keys)["value"], keys, ["subject"])
