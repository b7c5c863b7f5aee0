"""One finding, and how comparisons become findings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .block import Block
from .contrasts import Contrast

SHOWN, NOT_SHOWN = "shown on these slices", "not shown"
NAN = float("nan")


@dataclass(frozen=True)
class Finding:
    """A row of findings.csv.

    ``measure`` says what was compared. The signs of ``margin``, ``low`` and ``high`` are chosen so that positive means
    that ``model`` is better than ``rival``. A row without ``rival`` is a summary: ``count`` of ``total`` comparisons
    agree with the hypothesis, ``margin`` is the smallest margin, and ``decision`` is the one on the hypothesis.
    ``p_holm`` is the largest corrected p-value of the row's comparisons, blank with too few subjects.
    """

    hypothesis: str
    measure: str
    scale: int
    architecture: str
    loss: str
    group: str
    metric: str
    test_set: str
    model: str
    rival: str
    value: float = NAN
    rival_value: float = NAN
    margin: float = NAN
    low: float = NAN
    high: float = NAN
    interval: str = ""
    seed_sd: float = NAN
    subjects: int = 0
    seeds: int = 0
    count: int | None = None
    total: int | None = None
    p_holm: float = NAN
    result: str = ""
    decision: str = ""
    sentence: str = ""
    note: str = ""


def comparison(block: Block, found: Contrast, *, p_holm: float, sentence: str, **facts: Any) -> Finding:
    """A finding on ``model`` against ``rival`` (both among the facts), from their contrast ``found``."""
    sign = block.metric.sign
    # A change of sign swaps the limits. Adding zero turns a negative zero into zero.
    margin, low, high = (sign * value + 0.0 for value in (found.gap, *(found.low, found.high)[::sign]))
    if not math.isnan(found.seed_sd):
        sentence += f" (SD {block.metric.amount(found.seed_sd)} over {found.seeds} seeds)"
    return _finding(
        block,
        **facts,
        margin=margin,
        low=low,
        high=high,
        interval=found.interval,
        seed_sd=found.seed_sd,
        subjects=found.subjects,
        seeds=found.seeds,
        p_holm=p_holm,
        result=SHOWN if margin > 0 else NOT_SHOWN,
        sentence=sentence,
    )


def summary(block: Block, details: Sequence[Finding], *, sentence: str, **facts: Any) -> Finding:
    """A summary of findings: how many agree with the hypothesis, and the smallest margin.

    The sentence may contain ``{shown}``, ``{total}``, ``{margin}``, ``{test_set}`` and ``{rival}``. The last three are
    filled in from the finding with the smallest margin.
    """
    shown = sum(detail.result == SHOWN for detail in details)
    closest = min(details, key=lambda detail: or_lowest(detail.margin))
    margin = "undefined" if math.isnan(closest.margin) else block.metric.amount(closest.margin)
    names = {"margin": margin, "test_set": closest.test_set, "rival": closest.rival}
    return _finding(
        block,
        **facts,
        test_set="",
        rival="",
        margin=closest.margin,
        subjects=min(detail.subjects for detail in details),
        seeds=min(detail.seeds for detail in details),
        count=shown,
        total=len(details),
        p_holm=max(detail.p_holm for detail in details),
        result=SHOWN if shown == len(details) else NOT_SHOWN,
        sentence=sentence.format(shown=shown, total=len(details), **names),
    )


def _finding(block: Block, *, sentence: str, **facts: Any) -> Finding:
    names = block.names
    title = f"{names['architecture']} / {names['loss']}, x{names['scale']}"
    if names["group"] not in block.order.groups[:1]:
        title += f", test group {names['group']}"
    # A summary without a rival is about all models.
    sets = [facts["model"], facts["rival"], facts["test_set"]] if facts["rival"] else block.training_sets
    note = block.order.note(block.metric, *sets)
    return Finding(**names, **facts, sentence=f"{title}: {sentence}.", note=note)


def or_lowest(margin: float) -> float:
    """The margin, or minus infinity if undefined, so that the smallest margin shows an undefined one."""
    return -math.inf if math.isnan(margin) else margin
