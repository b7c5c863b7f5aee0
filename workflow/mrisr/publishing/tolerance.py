"""How far scores may differ on other hardware: 0.02 dB of PSNR, and for other metrics what that is of an error."""

from __future__ import annotations

import csv
import math
from pathlib import Path

DECIBEL = 0.02
RELATIVE = 10 ** (DECIBEL / 10) - 1
"""A mean squared error that differs by this fraction differs by `DECIBEL` in PSNR: 0.46 %."""
SAID = f"{DECIBEL} dB or {100 * RELATIVE:.2f} %"
KEY, LAST = "value", "validation_psnr"


def applies(path: str) -> bool:
    """Whether a file is a table of numbers that may differ: scores, or the history of a training."""
    return Path(path).name in ("scores.csv", "history.csv")


def difference(told: Path, found: Path) -> str | None:
    """What differs too much between two tables; None if nothing does.

    Of a history only the last validation counts: two trainings may get there in other ways.
    """
    ours, theirs = (_rows(path) for path in (found, told))
    if ours is None or theirs is None or len(ours) != len(theirs):
        return "it has other rows"
    if ours and LAST in ours[0]:
        return _of_pair("validation PSNR", "psnr", theirs[-1].get(LAST, ""), ours[-1][LAST])
    for one, other in zip(ours, theirs, strict=True):
        if {**one, KEY: ""} != {**other, KEY: ""}:
            return "it has other rows"
        name = " ".join(one[key] for key in ("test_set", "subject", "slice", "metric"))
        if problem := _of_pair(name, one["metric"], other[KEY], one[KEY]):
            return problem
    return None


def _of_pair(name: str, metric: str, told: str, found: str) -> str | None:
    if told == found:
        return None
    try:
        one, other = float(told), float(found)
    except ValueError:
        return f"{name} is {told!a}, here {found!a}"
    allowed = DECIBEL if metric == "psnr" else RELATIVE * abs(other)
    return None if math.isfinite(one) and abs(one - other) <= allowed else f"{name} is {told}, here {found}"


def _rows(path: Path) -> list[dict[str, str]] | None:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return None
    return None if any(None in (*row, *row.values()) for row in rows) else rows
