"""The numbers of the page: a mean and a box for every model, test set, group and metric, findings, and curves."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrisr.statistics import scores, tables
from mrisr.statistics.order import MODEL, Order

DIGITS = 5
POINTS = 200
"""The most epochs of a curve. A longer one is thinned evenly; its last epoch is kept."""
FINDING = (
    "hypothesis",
    "scale",
    "architecture",
    "loss",
    "group",
    "metric",
    "test_set",
    "model",
    "decision",
    "sentence",
)
CURVE = ("epoch", "loss", "validation_loss", "validation_psnr")


def matrix(path: Path, order: Order) -> dict[str, Any]:
    """The rows and cells of the matrix.

    Returns
    -------
    dict
        ``models``: ``MODEL`` of each row, baselines first. ``cells``: for each group and metric, for each row and test
        set, the mean as in ``tables/<metric>.csv``, or None. ``boxes``: likewise, the number of finite scores, lowest,
        lower quartile, median, upper quartile and highest, over all slices, seeds and folds, or None.
    """
    everything = tables.defined(scores.read([path]))
    rows = order.sort(everything[MODEL].drop_duplicates(), MODEL)
    keys = [tuple(row) for row in rows.itertuples(index=False)]
    means = tables.means(everything).set_index(tables.CELL)["value"].to_dict()
    boxes = {key: _box(values) for key, values in everything.groupby(tables.CELL)["value"]}

    def laid_out(found: Mapping[tuple, Any], shown) -> dict[str, Any]:
        return {
            group: {
                metric: [[shown(found.get((*key, test, group, metric))) for test in order.test_sets] for key in keys]
                for metric in order.metrics
            }
            for group in order.groups
        }

    return {
        "models": [[int(scale), *names] for scale, *names in keys],
        "cells": laid_out(means, _number),
        "boxes": laid_out(boxes, lambda box: box),
    }


def findings(path: Path) -> list[dict[str, str]]:
    """The sentences of ``tables/findings.csv`` that no other row sums up, then those about single test sets."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        {"summary": not row["rival"], **{column: row[column] for column in FINDING}}
        for row in sorted(rows, key=lambda row: bool(row["rival"]))
        if row["sentence"]
    ]


def curves(path: Path) -> list[list[float | None]]:
    """The history of a training, at most `POINTS` epochs: epoch, loss, validation loss and validation PSNR."""
    table = pd.read_csv(path)
    kept = np.unique(np.linspace(0, len(table) - 1, min(POINTS, len(table))).round().astype(int)) if len(table) else []
    return [[_number(value) for value in row] for row in table.iloc[kept][list(CURVE)].itertuples(index=False)]


def _box(values: Iterable[float]) -> list[float] | None:
    finite = np.asarray(values, float)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return None
    return [len(finite), *(_number(part) for part in np.quantile(finite, (0, 0.25, 0.5, 0.75, 1)))]


def _number(value: float | None) -> float | str | None:
    """A number with `DIGITS` significant digits as JSON can hold it; ``inf`` as text, an undefined one as None."""
    if value is None or math.isnan(value):
        return None
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else ("inf" if value > 0 else "-inf")
