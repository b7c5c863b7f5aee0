"""Reads and checks the scores of all models and baselines as one tidy table, in an order independent of the files'."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mrisr.errors import InputError
from mrisr.evaluation.scoring import COLUMNS

INTEGERS = ("scale", "seed", "fold", "slice")
KEYS = [column for column in COLUMNS if column != "value"]


def read(paths: Iterable[Path]) -> pd.DataFrame:
    """Read scores files as one table with `mrisr.evaluation.scoring.COLUMNS`.

    Integers are Int64 (seed and fold of a baseline are missing). Names are strings as written: a subject ``007`` keeps
    its zeros, and a baseline has empty loss and training_set. Values are float64, with ``inf``, and NaN if blank. The
    result does not depend on the order of the files.

    Raises
    ------
    InputError
        A file is missing or is no scores table, or something is scored twice.
    """
    frames = [_read_one(Path(path)) for path in paths]
    if not frames:
        raise InputError("tabulate: there are no scores to read")
    scores = pd.concat(frames, ignore_index=True)
    twice = scores[scores.duplicated(KEYS)]
    if len(twice):
        names = ", ".join(f"{key} {value}" for key, value in twice.iloc[0][KEYS].items())
        raise InputError(f"tabulate: two scores for one thing ({names}); is one file given twice?")
    return scores.sort_values(KEYS, kind="stable", na_position="first", ignore_index=True)


def _read_one(path: Path) -> pd.DataFrame:
    try:
        text = pd.read_csv(path, dtype=object, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table of scores ({error})") from error
    missing = [column for column in COLUMNS if column not in text.columns]
    if missing:
        raise InputError(f"{path}: is no table of scores, it has no column '{missing[0]}'")
    scores = text[list(COLUMNS)].copy()
    for column in (*INTEGERS, "value"):
        try:
            numbers = pd.to_numeric(scores[column].replace("", None))
            scores[column] = numbers.astype("float64" if column == "value" else "Int64")
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: column '{column}' must hold numbers ({error})") from error
    return scores
