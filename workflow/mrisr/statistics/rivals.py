"""A model beside a rival on the same subjects: margins, the decision on them, and the words of a paper's claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .differences import Differences
from .family import CONTRADICTED, LEVEL, SUPPORTED, UNDECIDED
from .means import RUN, stepwise_mean
from .order import Metric, Order
from .tables import defined

WHERE = ["scale", "test_set", "group", "metric"]
"""What a verdict on a claim is about, if the claim is not about one model."""


@dataclass(frozen=True)
class Rivals:
    """Values of a model, ``own``, and of its rival, ``others``, by subject. `of` leaves both with the same subjects."""

    metric: Metric
    own: pd.Series
    others: pd.Series

    @classmethod
    def of(cls, metric: Metric, own: pd.Series, others: pd.Series) -> Rivals:
        """The model and its rival on the subjects that both have."""
        subjects = own.index.intersection(others.index)
        return cls(metric, own[subjects], others[subjects])

    @property
    def margins(self) -> np.ndarray:
        """Differences of the subjects [n], positive where the model is better."""
        return self.metric.sign * (self.own - self.others).to_numpy()

    def columns(self) -> dict[str, Any]:
        """Mean values, the mean margin with its interval, and the p-value of Wilcoxon's signed-rank test."""
        numbers = Differences(self.margins).numbers()
        return {
            "value": self.own.mean(),
            "rival_value": self.others.mean(),
            "margin": numbers["difference"],
            "low": numbers["low"],
            "high": numbers["high"],
            "p_value": numbers["p_wilcoxon"],
            "subjects": len(self.own),
        }


def judged(scores: pd.DataFrame, order: Order) -> pd.DataFrame:
    """The scores that claims are decided from: those of the study's metrics, where they are defined (`tables`)."""
    return defined(scores[scores["metric"].isin(list(order.metrics))])


def matched(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of models on the degradation that they were trained on, and those of all baselines."""
    return scores[scores["training_set"].isin([""]) | (scores["training_set"] == scores["test_set"])]


def subject_means(table: pd.DataFrame) -> pd.Series:
    """Means of each subject over slices, then over the models in a table of scores."""
    keys = ["subject", "loss", "training_set", *RUN]
    return stepwise_mean(table.set_index(keys)["value"], keys, ["subject"])


def decision(row: Mapping[str, Any]) -> str:
    """The decision on a claim that a model is better, from its row's ``margin`` and ``p_value``."""
    if not row["p_value"] < LEVEL:
        return UNDECIDED
    return SUPPORTED if row["margin"] > 0 else CONTRADICTED


def sentence(
    row: Mapping[str, Any],
    metric: Metric,
    *,
    where: str,
    verdict: str,
    unit: str = "subject",
    own: str = "",
    aside: str = "",
) -> str:
    """A row in words. ``own`` follows the model, and ``aside`` the number of subjects, each of which is a ``unit``."""
    if np.isnan(row["margin"]):
        return f"{where}: the {metric.quantity} of {row['model']} or of {row['rival']} is undefined."
    compared = f"the {metric.quantity} of {row['model']}{own} is {amount(row['margin'], metric)} that of {row['rival']}"
    return f"{where}: {compared} ({counted(row['subjects'], unit)}{aside}); {verdict}."


def amount(margin: float, metric: Metric) -> str:
    """A margin in words, before what it is compared with."""
    if margin == 0:
        return "equal to"
    return f"{metric.amount(abs(margin))} {'worse' if margin < 0 else 'better'} than"


def counted(count: int, thing: str) -> str:
    """A number of things in words, such as ``1 seed`` or ``2 seeds``."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
