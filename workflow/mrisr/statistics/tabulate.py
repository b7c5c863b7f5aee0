"""Writes scores.csv and the tables from the scores of all models and baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mrisr import plugins
from mrisr.evaluation.scoring import write_scores

from . import scores
from .order import Order


def run(reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str) -> None:
    """Write scores.csv and the tables of a study, the action of the stage `tabulate`.

    Parameters
    ----------
    reads : {"scores"}
        scores.csv of every model and baseline, in any order. Also what tables of the study name in ``READS``, if the
        study has it: ``networks``, the table parameters.csv; ``histories``, history.csv of every model.
    writes : mapping
        ``scores``, the tidy table of all scores, and each file of the tables by its name.
    settings : mapping
        The fields of `Order`; ``tables``, for each table the key of the study that asks for it with its value (none for
        a table that every study has); ``apart``, if there are any, test sets whose scores only tables of families have;
        with histories ``trained``, the names of each one's model.

    Raises
    ------
    InputError
        As `scores.read`.
    """
    order, everything = Order.of(settings), scores.read(map(Path, reads["scores"]))
    usual = everything[~everything["test_set"].isin(settings.get("apart", []))]
    files = {"scores": usual}
    for name, asked in settings["tables"].items():
        table = plugins.load("tables", name)
        chosen = everything if getattr(table, "OF_FAMILIES", False) else usual
        further = {role: _read(reads[role], settings) for role in getattr(table, "READS", ()) if role in reads}
        files |= dict(table.files(chosen, order, **asked, **further))
    for name, table in files.items():
        write_scores(Path(writes[name]), table)


def _read(file: str | Sequence[str], settings: Mapping[str, Any]) -> pd.DataFrame:
    """A table; or the histories of all models as one, with the names of each model as columns."""
    if isinstance(file, str):
        return pd.read_csv(file)
    models = zip(file, settings["trained"], strict=True)
    return pd.concat([pd.read_csv(path).assign(**names) for path, names in models], ignore_index=True)
