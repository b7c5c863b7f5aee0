"""What the realistic-downsampling paper claims of its ways to make training data. Decided from a study's numbers.

A training set with the rival ``bicubic`` is compared with bicubic enlargement of the same low-resolution slices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from . import beside, flips
from .family import CONTRADICTED, FEWEST_SUBJECTS, LEVEL, SUPPORTED, UNDECIDED
from .finding import NOT_SHOWN, SHOWN
from .order import Metric, Order
from .rivals import WHERE as PLACE
from .rivals import Rivals, amount, judged, sentence, subject_means

BICUBIC = "bicubic"
BETTER, WORSE, EQUAL = "is better than", "is worse than", "is about equal to"
CLAIMS = (
    ("zero_filling", EQUAL, BICUBIC),
    ("dsgan", BETTER, "gaussian"),
    ("dsn", WORSE, BICUBIC),
    ("dsn", WORSE, "dsgan"),
)
"""Training sets under the names of this project's study files. The last two say that DSN fails on displaced pairs."""
ABSTRACT = {("dsgan", "gaussian", "ssim"): (0.111, 0.016), ("dsgan", "gaussian", "psnr"): (2.76, 0.98)}
"""Differences that the paper's abstract prints, with their deviations."""
BOUNDS = {"psnr": 0.1, "ssim": 0.026}
"""The largest differences that the paper calls approximately equal: DSGAN minus zero-filling in its Table 2."""
WHERE = ["scale", "architecture", "loss", "test_set", "group", "metric"]
COLUMNS = [
    *("claim", *WHERE, "model", "rival", "value", "rival_value", "margin", "margin_std", "low", "high"),
    *("printed", "printed_deviation", "bound", "p_value", "subjects", "result", "decision", "sentence", "note"),
]


@dataclass(frozen=True)
class Claim:
    """A training set, what the paper says of it, and the training set or baseline that it is compared with.

    ``bound`` is the largest difference that counts as none; NaN unless the claim is that both are equal.
    """

    model: str
    relation: str
    rival: str
    bound: float = np.nan

    @property
    def words(self) -> str:
        """The claim in words."""
        return f"{self.model} {self.relation} {self.rival}"

    def holds(self, margin: float) -> bool:
        """Whether a mean margin agrees with the claim."""
        if self.relation == EQUAL:
            return abs(margin) <= self.bound
        return margin > 0 if self.relation == BETTER else margin < 0

    def decide(self, margins: np.ndarray) -> tuple[float, str]:
        """The p-value of the claim, and the decision, from the margins of the subjects [n]."""
        if len(margins) < FEWEST_SUBJECTS or not np.isfinite(margins).all():
            return np.nan, UNDECIDED
        if self.relation != EQUAL:
            p_value = _p_value(margins)
            holds = SUPPORTED if self.holds(margins.mean()) else CONTRADICTED
            return p_value, holds if p_value < LEVEL else UNDECIDED
        above, below = margins + self.bound, margins - self.bound
        p_value = max(_p_value(above), _p_value(below))
        if above.mean() > 0 > below.mean():
            return p_value, SUPPORTED if p_value < LEVEL else UNDECIDED
        beyond = _p_value(below if margins.mean() > 0 else above)
        return beyond, CONTRADICTED if beyond < LEVEL else UNDECIDED


def verdicts(scores: pd.DataFrame, order: Order | Mapping[str, Any]) -> pd.DataFrame:
    """One row for each claim, scale, architecture, loss, test set, test group and metric, with `COLUMNS`.

    ``margin`` is positive if the model is better. ``margin_std`` is its standard deviation (n - 1) over subjects.
    ``printed`` is the paper's margin, with its deviation where the abstract prints one. ``result`` says whether the
    claim holds on these slices.

    ``decision`` rests on the sign-flip test over subjects' means (`flips`), two-sided and not corrected for the number
    of claims. That both are about equal is supported if the margin is above the negative bound and below the positive
    one, both beyond chance (Schuirmann 1987, J. Pharmacokinet. Biopharm. 15:657). It is contradicted if the margin is
    beyond a bound by more than chance. The claim has rows for the metrics of `BOUNDS` only.
    """
    order, known = Order.of(order), _printed()
    scores = judged(scores, order)
    trained = order.sort(scores[scores["training_set"] != ""], WHERE)
    enlarged = scores[(scores["training_set"] == "") & (scores["architecture"] == BICUBIC)]
    floors = {names: subject_means(table) for names, table in enlarged.groupby(PLACE)}
    rows = []
    for names, table in trained.groupby(WHERE, sort=False):
        place = tuple(dict(zip(WHERE, names, strict=True))[column] for column in PLACE)
        means = {name: subject_means(own) for name, own in table.groupby("training_set")}
        means |= {BICUBIC: floors[place]} if place in floors else {}
        for claim in _claims(names[-1]):
            if claim.model in means and claim.rival in means:
                rivals = Rivals.of(order.metrics[names[-1]], means[claim.model], means[claim.rival])
                rows.append(_row(names, order, claim, rivals, known))
    return pd.DataFrame(rows, columns=COLUMNS)


def _claims(metric: str) -> Iterator[Claim]:
    for model, relation, rival in CLAIMS:
        if relation != EQUAL:
            yield Claim(model, relation, rival)
        elif metric in BOUNDS:
            yield Claim(model, relation, rival, BOUNDS[metric])


def _row(
    names: tuple, order: Order, claim: Claim, rivals: Rivals, known: Mapping[tuple[str, str], float]
) -> dict[str, Any]:
    row, metric, margins = dict(zip(WHERE, names, strict=True)), rivals.metric, rivals.margins
    p_value, decision = claim.decide(margins)
    printed, deviation = ABSTRACT.get((claim.model, claim.rival, metric.name), (np.nan, np.nan))
    if np.isnan(printed):
        values = [known.get((name, metric.name), np.nan) for name in (claim.model, claim.rival)]
        printed = metric.sign * (values[0] - values[1])
    row |= {**rivals.columns(), "claim": claim.words, "model": claim.model, "rival": claim.rival}
    row |= {"margin_std": margins.std(ddof=1) if len(margins) > 1 and np.isfinite(margins).all() else np.nan}
    row |= {"bound": claim.bound, "p_value": p_value, "decision": decision}
    row |= {"printed": printed, "printed_deviation": deviation}
    row |= {"result": SHOWN if claim.holds(row["margin"]) else NOT_SHOWN}
    row |= {"note": order.note(metric, claim.model, claim.rival, row["test_set"])}
    return {**row, "sentence": _sentence(row, metric)}


def _sentence(row: Mapping[str, Any], metric: Metric) -> str:
    """The row in words."""
    where = f"{row['architecture']} / {row['loss']}, x{row['scale']} on {row['test_set']}, test group {row['group']}"
    deviation = "" if np.isnan(row["margin_std"]) else f", standard deviation {metric.amount(row['margin_std'])}"
    paper = "" if np.isnan(row["printed"]) else f"; in the paper {amount(row['printed'], metric)} it"
    if not np.isnan(row["printed_deviation"]):
        paper += f", ± {row['printed_deviation']:g}"
    verdict = f"that {row['claim']} is {row['decision']}"
    return sentence(row, metric, where=where, verdict=verdict, aside=f"{deviation}{paper}")


def _p_value(margins: np.ndarray) -> float:
    return float(flips.p_values(margins[:, None])[0])


def _printed() -> dict[tuple[str, str], float]:
    """Printed values by training set, or `BICUBIC`, and metric."""
    rows = beside.read("realistic-downsampling").to_dict("records")
    return {(row["training_set"] or row["architecture"], row["metric"]): row["value"] for row in rows}
