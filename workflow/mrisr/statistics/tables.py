"""The tables that papers print: one row per model, one column per test set.

A value is the mean over the slices of a subject, then over subjects, then over folds and seeds, so a subject with more
slices does not count more. A slice on which a metric is undefined for every model (HFEN of a constant image) is left
out. A value that is undefined for one model alone makes that model's mean undefined; otherwise that model would be
judged on other slices than the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from .means import RUN, stepwise_mean
from .order import MODEL, Order

CELL = [*MODEL, "test_set", "group", "metric"]
SLICE = ["subject", "slice"]


def defined(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores without the slices on which a metric is undefined for every model and baseline."""
    undefined = scores["value"].isna()
    where = [scores[column] for column in ("scale", "test_set", "group", "subject", "slice", "metric")]
    return scores[~undefined.groupby(where).transform("all")]


def average(scores: pd.DataFrame, by: list[str]) -> pd.Series:
    """Mean of ``value`` over the slices of a subject, subjects, folds and seeds, for each combination of ``by``."""
    values = scores.set_index([*by, *RUN, *SLICE])["value"]
    return stepwise_mean(values, [*by, *RUN, "subject"], [*by, *RUN], by)


def means(scores: pd.DataFrame) -> pd.DataFrame:
    """Value of every model on every test set, test group and metric: columns `CELL` and ``value``."""
    return average(defined(scores), CELL).reset_index()


def spreads(scores: pd.DataFrame) -> pd.DataFrame:
    """Standard deviations (n - 1) for the means: columns `CELL`, ``value`` and ``std_over``.

    They are over the subjects' means, or over slices if a test group has a single subject. Values are averaged over
    folds and seeds first. The deviation is NaN for a single slice, and if a value is infinite.
    """
    slices = stepwise_mean(defined(scores).set_index([*CELL, *RUN, *SLICE])["value"], [*CELL, *SLICE])
    subjects = stepwise_mean(slices, [*CELL, "subject"])
    count = subjects.groupby(level=CELL).size()
    with np.errstate(invalid="ignore"):
        over_subjects, over_slices = (v.groupby(level=CELL).agg(_deviation) for v in (subjects, slices))
    table = over_subjects.where(count >= 2, over_slices).to_frame("value")
    table["std_over"] = np.where(count >= 2, "subjects", "slices")
    return table.reset_index()


def seed_spreads(scores: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation (n - 1) over the seeds' means: columns `CELL` and ``value``; NaN for one seed."""
    values = defined(scores).set_index([*CELL, *RUN, *SLICE])["value"]
    by_seed = stepwise_mean(values, [*CELL, *RUN, "subject"], [*CELL, *RUN], [*CELL, "seed"])
    return by_seed.groupby(level=CELL).agg(_deviation).reset_index()


def _deviation(values: pd.Series) -> float:
    return float(np.std(values.to_numpy(), ddof=1)) if len(values) > 1 else np.nan


def wide(cells: pd.DataFrame, order: Order | Mapping[str, Any], *, metric: str, group: str) -> pd.DataFrame:
    """Lay out `means` or `spreads` as papers do: `MODEL`, then one column per test set, in the study's order.

    A test set that a model was not scored on is blank. The last columns are ``std_over`` for standard deviations, and
    ``note`` if there are remarks, such as the options of the metric or permitted leakage.
    """
    order = Order.of(order)
    chosen = cells[(cells["metric"] == metric) & (cells["group"] == group)]
    columns = list(dict.fromkeys([*order.test_sets, *order.names("test_set", chosen["test_set"])]))
    table = chosen.pivot(index=MODEL, columns="test_set", values="value").reindex(columns=columns).reset_index()
    table.columns.name = None
    if "std_over" in cells:
        over = chosen.drop_duplicates(MODEL).set_index(MODEL)["std_over"]
        table["std_over"] = table.join(over, on=MODEL)["std_over"]
    notes = [order.note(order.metrics[metric], name, *columns) for name in table["training_set"]]
    if any(notes) or order.note(order.metrics[metric]):
        table["note"] = notes
    return order.sort(table, MODEL)
