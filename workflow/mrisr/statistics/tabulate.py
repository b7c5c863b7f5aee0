"""From the scores of all models and baselines to scores.csv and the tables folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mrisr.evaluation.scoring import write_scores

from . import bias, findings, methods, paired, scores, tables
from .order import Order


def tabulate(
    score_files: Iterable[Path], out_scores: Path, out_tables: Path, *, order: Mapping[str, Any]
) -> list[Path]:
    """Write scores.csv, the wide tables and the comparisons; the files' order does not matter.

    Parameters
    ----------
    score_files : paths
        scores.csv of every model and baseline.
    out_scores : path
        The tidy table of all of them.
    out_tables : folder
        ``<metric>.csv`` and ``<metric>_std.csv`` of the primary test group, those of another group in its own folder.
    order : mapping
        What `Order.of` reads, and ``against``: the method that paired tests compare with all others, if there is one.

    Returns
    -------
    list of Path
        The files that were written, each by rename.

    Raises
    ------
    InputError
        From `scores.read`.
    """
    against, order = order.get("against"), Order.of(order)
    everything = scores.read(score_files)
    files = {Path(out_scores): everything}
    files |= {Path(out_tables) / name: table for name, table in _wide_tables(everything, order)}
    files[Path(out_tables) / "methods.csv"] = methods.table(everything, order)
    files[Path(out_tables) / "bias.csv"] = bias.bias(everything, order)
    files[Path(out_tables) / "findings.csv"] = findings.table(findings.find(everything, order))
    if against is not None:
        files[Path(out_tables) / "tests.csv"] = paired.paired_tests(everything, order, against=against)
    for path, table in files.items():
        write_scores(path, table)
    return list(files)


def _wide_tables(everything: pd.DataFrame, order: Order) -> Iterator[tuple[str, pd.DataFrame]]:
    means, spreads = tables.means(everything), tables.spreads(everything)
    for position, group in enumerate(order.groups):
        for metric in order.metrics:
            folder = f"{group}/" if position else ""
            yield f"{folder}{metric}.csv", tables.wide(means, order, metric=metric, group=group)
            yield f"{folder}{metric}_std.csv", tables.wide(spreads, order, metric=metric, group=group)
