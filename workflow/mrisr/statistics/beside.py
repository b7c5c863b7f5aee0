"""A study's numbers beside those that a paper prints: cell by cell, and as bias index and price of a mixture."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from . import printed
from .means import RUN, stepwise_mean
from .order import Order
from .tables import defined

NAMES = ("table", "architecture", "loss", "training_set", "test_set", "group", "metric", "note")
CELL = ["architecture", "loss", "training_set", "test_set"]
COLUMNS = [
    *("paper", "table", "reading", *CELL, "group", "metric"),
    *("printed", "printed_deviation", "here", "difference", "note"),
]
BLOCK = ["paper", "table", "reading", "architecture", "loss", "metric"]
BLOCK_COLUMNS = [
    *(*BLOCK, "cells", "correlation_of_gaps", "explained", "slope_of_gaps", "correlation_of_values"),
    *("printed_bias_index", "bias_index", "printed_price", "price", "note"),
]
SIZES = ("parameters", "trained_parameters")
"""Printed numbers about a network itself: columns of parameters.csv."""
AS_NAMED = "as named"
"""The reading in which each printed name is the study's degradation of that name."""
OTHER = "other data and another budget than the paper's"


def cells(
    scores: pd.DataFrame, order: Order | Mapping[str, Any], paper: str, networks: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row for each printed number, with `COLUMNS`; ``here`` is blank where the study has no such cell.

    ``here`` is the mean over slices, then subjects, then runs, as in all tables. If the study does not have a printed
    group, or the group is blank, the number is compared with the study's primary group. Every ``reading`` of the paper
    has all rows: `AS_NAMED`, and those of the order, in which other degradations take the place of printed ones.

    Sizes of networks are compared with ``networks``, the table parameters.csv. They depend neither on data nor on a
    budget.
    """
    order, wanted = Order.of(order), read(paper)
    here, sizes = _means(scores), _sizes(networks)
    rows = []
    readings = {AS_NAMED: {}, **order.readings}
    for (reading, names), row in itertools.product(readings.items(), wanted.to_dict("records")):
        group = row["group"] if row["group"] in order.groups else order.groups[0]
        key = (*(names.get(row[name], row[name]) for name in CELL), group, row["metric"])
        is_size = row["metric"] in SIZES
        value = sizes.get((row["architecture"], row["metric"]), np.nan) if is_size else here.get(key, np.nan)
        note = "; ".join(part for part in ("" if is_size else OTHER, row["note"]) if part)
        rows.append(
            {
                **{name: row[name] for name in ("table", *CELL, "metric")},
                "paper": paper,
                "reading": reading,
                "group": "" if is_size else group,
                "printed": row["value"],
                "printed_deviation": row["deviation"],
                "here": value,
                "difference": value - row["value"],
                "note": note,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def blocks(compared: pd.DataFrame, mixtures: list[str]) -> pd.DataFrame:
    """One row for each block of the table of `cells`: a table of the paper, reading, architecture, loss and metric.

    ``correlation_of_gaps`` is Pearson's, over all cells off the diagonal that both have; a gap is the matched model's
    value minus the cell's on the same test set. Its square, ``explained``, is the share of the variance of the printed
    gaps that a straight line through the study's gaps explains; ``slope_of_gaps`` is that line's slope.
    ``correlation_of_values`` is over all cells of single degradations.

    The bias index is the mean of the matched cells minus the mean of the others, both over single degradations. The
    price is the mean over the test sets of the matched model's value minus that of the mixture's model.
    """
    rows = []
    paired = compared.dropna(subset=["here"])
    paired = paired[paired["training_set"] != ""]
    for names, table in paired.groupby(BLOCK, sort=False):
        columns = {name: _matrix(table, name) for name in ("printed", "here")}
        found = gaps(table, mixtures)
        if len(found) < 3:
            continue
        correlation = np.corrcoef(found["printed"], found["here"])[0, 1]
        single = table[~table["training_set"].isin(mixtures) & ~table["test_set"].isin(mixtures)]
        row = dict(zip(BLOCK, names, strict=True))
        row |= {
            "cells": len(found),
            "correlation_of_gaps": correlation,
            "explained": correlation**2,
            "slope_of_gaps": correlation * np.std(found["printed"], ddof=0) / np.std(found["here"], ddof=0),
            "correlation_of_values": np.corrcoef(single["printed"], single["here"])[0, 1],
            "note": OTHER,
        }
        for name, prefix in (("printed", "printed_"), ("here", "")):
            index, price = _index_and_price(columns[name], mixtures)
            row |= {f"{prefix}bias_index": index, f"{prefix}price": price}
        rows.append(row)
    return pd.DataFrame(rows, columns=BLOCK_COLUMNS)


def read(paper: str) -> pd.DataFrame:
    """The printed numbers of a paper, see `mrisr.statistics.printed`. Only ``value`` and ``deviation`` are numbers."""
    numbers = {"value": "", "deviation": ""}
    return pd.read_csv(printed.path(paper), dtype=dict.fromkeys(NAMES, str), keep_default_na=False, na_values=numbers)


def _sizes(networks: pd.DataFrame | None) -> dict[tuple[str, str], float]:
    """Sizes by architecture and column. A network of several losses counts with the last one."""
    if networks is None:
        return {}
    return {(row["architecture"], name): row[name] for row in networks.to_dict("records") for name in SIZES}


def _means(scores: pd.DataFrame) -> dict[tuple[str, ...], float]:
    """Mean of each cell, by architecture, loss, training set, test set, group and metric."""
    keys = [*CELL, "group", "metric"]
    values = defined(scores).set_index([*keys, *RUN, "subject", "slice"])["value"]
    return stepwise_mean(values, [*keys, *RUN, "subject"], [*keys, *RUN], keys).to_dict()


def _matrix(table: pd.DataFrame, column: str) -> dict[tuple[str, str], float]:
    """Values by training set and test set."""
    return {(row["training_set"], row["test_set"]): row[column] for row in table.to_dict("records")}


def _singles(matrix: Mapping[tuple[str, str], float], mixtures: list[str]) -> list[str]:
    """Degradations that are no mixtures, and that a model was trained and tested on."""
    return [train for train, test in matrix if train == test and train not in mixtures]


def gaps(table: pd.DataFrame, mixtures: list[str]) -> pd.DataFrame:
    """The gaps between models of a block: ``training_set``, ``test_set``, ``printed`` and ``here``.

    ``table`` has the block's cells with a value of the study. Mixtures have no gaps.
    """
    columns = {name: _matrix(table, name) for name in ("printed", "here")}
    singles, cells = _singles(columns["here"], mixtures), columns["here"]
    pairs = [(train, test) for train in singles for test in singles if train != test and (train, test) in cells]
    rows = [
        {"training_set": train, "test_set": test}
        | {name: matrix[test, test] - matrix[train, test] for name, matrix in columns.items()}
        for train, test in pairs
    ]
    return pd.DataFrame(rows, columns=["training_set", "test_set", "printed", "here"])


def _index_and_price(matrix: Mapping[tuple[str, str], float], mixtures: list[str]) -> tuple[float, float]:
    singles = _singles(matrix, mixtures)
    matched = np.mean([matrix[name, name] for name in singles])
    others = [matrix[a, b] for a in singles for b in singles if a != b and (a, b) in matrix]
    lost = [matrix[test, test] - matrix[name, test] for name in mixtures for test in singles if (name, test) in matrix]
    return matched - np.mean(others), np.mean(lost) if lost else np.nan
