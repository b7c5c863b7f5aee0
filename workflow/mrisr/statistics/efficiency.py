"""What the efficient-sr paper claims: a small network is no worse than larger ones. Decided from a study's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .family import UNDECIDED
from .finding import NOT_SHOWN, SHOWN
from .order import Metric, Order
from .rivals import WHERE, Rivals, decision, judged, sentence, subject_means

SMALL, RIVALS = "fmen", ("vdsr", "srgan")
"""The paper's networks, under the names of this project's study files."""
COLUMNS = [
    *("claim", *WHERE, "model", "rival", "parameters", "rival_parameters", "ratio"),
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
    scores = judged(scores, order)
    rows = []
    for names, table in order.sort(scores[scores["training_set"] != ""], WHERE).groupby(WHERE, sort=False):
        means = {name: subject_means(table[table["architecture"] == name]) for name in (SMALL, *RIVALS)}
        for rival in RIVALS:
            rivals = Rivals.of(order.metrics[names[-1]], means[SMALL], means[rival])
            if len(rivals.own):
                rows.append(_row(names, order, rival, rivals, sizes))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(names: tuple, order: Order, rival: str, rivals: Rivals, sizes: Mapping[tuple, float]) -> dict[str, Any]:
    row = {**dict(zip(WHERE, names, strict=True)), **rivals.columns()}
    parameters, larger = (sizes.get((row["scale"], network), np.nan) for network in (SMALL, rival))
    row |= {"claim": CLAIM, "model": SMALL, "rival": rival}
    row |= {"parameters": parameters, "rival_parameters": larger, "ratio": parameters / larger}
    row |= {"result": SHOWN if row["margin"] >= 0 else NOT_SHOWN, "decision": decision(row)}
    return {**row, "sentence": _sentence(row, rivals.metric, order.groups[0])}


def _sentence(row: Mapping[str, Any], metric: Metric, primary: str) -> str:
    """The row in words."""
    group = f", test group {row['group']}" if row["group"] != primary else ""
    verdict = f"the claim is {row['decision']}"
    return sentence(
        row,
        metric,
        where=f"x{row['scale']} on {row['test_set']}{group}",
        verdict=f"the difference may be chance, so {verdict}" if row["decision"] == UNDECIDED else verdict,
        unit="image",
        own="" if np.isnan(row["ratio"]) else f" with {row['ratio']:.2g} times its parameters",
    )


def _sizes(networks: pd.DataFrame | None) -> dict[tuple, float]:
    """Parameters as the paper counts them, by scale and architecture."""
    if networks is None:
        return {}
    rows = networks.drop_duplicates(["scale", "architecture"], keep="last").to_dict("records")
    column = {SMALL: "parameters"}
    return {(r["scale"], r["architecture"]): r[column.get(r["architecture"], "trained_parameters")] for r in rows}
