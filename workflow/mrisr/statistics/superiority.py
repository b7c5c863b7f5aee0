"""What the robust-residual paper claims: networks restore better than classical methods. Decided from the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .finding import NOT_SHOWN, SHOWN
from .order import Order
from .rivals import WHERE, Rivals, decision, judged, matched, sentence, subject_means

CLAIMS = {
    "rrlsrn": ("cubic_spline", "nmu", "lrtv", "srcnn"),
    "srcnn": ("cubic_spline", "nmu", "lrtv"),
}
"""Each network with the methods that it is said to surpass, under the names of this project's study files."""
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
    scores = matched(judged(scores, order))
    rows = []
    for names, table in order.sort(scores, WHERE).groupby(WHERE, sort=False):
        means = {name: subject_means(own) for name, own in table.groupby("architecture")}
        for model, surpassed in CLAIMS.items():
            for rival in surpassed:
                if model in means and rival in means:
                    rivals = Rivals.of(order.metrics[names[-1]], means[model], means[rival])
                    rows.append(_row(names, model, rival, rivals))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(names: tuple, model: str, rival: str, rivals: Rivals) -> dict[str, Any]:
    row = {**dict(zip(WHERE, names, strict=True)), **rivals.columns()}
    row |= {"claim": f"{model} is better than {rival}", "model": model, "rival": rival}
    row |= {"result": SHOWN if row["margin"] > 0 else NOT_SHOWN, "decision": decision(row)}
    where = f"x{row['scale']} on {row['test_set']}, test group {row['group']}"
    said = sentence(row, rivals.metric, where=where, verdict=f"the claim is {row['decision']}")
    return {**row, "sentence": said}
