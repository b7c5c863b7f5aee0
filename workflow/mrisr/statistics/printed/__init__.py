"""Numbers that the papers print in their tables, copied by hand. There is one CSV file for each paper.

Columns: table, architecture, loss, training_set, test_set, group, metric, value, deviation, note. Names are those of
this project's study files. A blank cell means that the paper does not distinguish it.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def path(paper: str) -> Path:
    """The file of a paper."""
    return FOLDER / f"{paper}.csv"
