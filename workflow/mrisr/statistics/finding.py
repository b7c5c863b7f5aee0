"""One finding, and how comparisons become findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import decision
from .block import Block
from .contrasts import Contrast
from .family import FEWEST_SUBJECTS, Family, PValues

SHOWN, NOT_SHOWN = "shown on these slices", "not shown"
NAN = float("nan")


@dataclass(frozen=True)
class Finding:
    """A row of findings.csv.

    ``measure`` says what was compared. The signs of ``margin``, ``low`` and ``high`` are chosen so that positive means
    that ``model`` is better than ``rival``. A row without ``rival`` is a summary: ``count`` of ``total`` comparisons
    agree with the hypothesis, ``margin`` is the smallest margin, with its interval and spread, and ``decision`` is the
    one on the hypothesis. A row on a part of the hypothesis has the decision on this part. ``against`` names what
    contradicts it. The p-values are the largest of the row's comparisons (`family.PValues`), blank with too few
    subjects. ``seeds_agree`` counts the seeds in which all comparisons of the row have the same result as the row, and
    ``seeds_decide`` those that give the same decision alone (`Family.seeds_alike`).
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
    seeds_agree: int | None = None
    seeds_decide: int | None = None
    count: int | None = None
    total: int | None = None
    p_flip: float = NAN
    p_max_t: float = NAN
    p_holm: float = NAN
    p_wilcoxon: float = NAN
    result: str = ""
    decision: str = ""
    against: str = ""
    people: str = ""
    sentence: str = ""
    note: str = ""


def comparison(block: Block, found: Contrast, *, p_values: PValues, sentence: str, **facts: Any) -> Finding:
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
        seeds_agree=sum((sign * gap > 0) == (margin > 0) for gap in found.by_seed.values()),
        **columns(p_values),
        result=SHOWN if margin > 0 else NOT_SHOWN,
        people=people(block, [found]),
        sentence=sentence,
    )


def columns(p_values: PValues) -> dict[str, float]:
    """P-values as columns of the table."""
    return {f"p_{name}": value for name, value in asdict(p_values).items()}


def people(block: Block, contrasts: Iterable[Contrast]) -> str:
    """Names of the subjects that all contrasts have, separated by spaces."""
    common = set.intersection(*(set(found.by_subject) for found in contrasts))
    return " ".join(name for code, name in enumerate(block.observations.names) if code in common)


def summary(
    block: Block,
    details: Sequence[Finding],
    contrasts: Sequence[Contrast],
    *,
    sentence: str,
    family: Family | None,
    named: Sequence[str],
    **facts: Any,
) -> Finding:
    """A summary of findings and of the contrasts behind them: how many agree with the hypothesis, the smallest margin.

    ``family`` has the same contrasts and decides; None for a measure that decides nothing. ``named`` are the contrasts
    in words, as what contradicts. The sentence may contain ``{shown}``, ``{total}``, ``{margin}``, ``{test_set}``,
    ``{rival}`` and ``{spread}``. The last four are filled in from the finding with the smallest margin.
    """
    everything = range(len(contrasts))
    shown = sum(detail.result == SHOWN for detail in details)
    closest = min(details, key=lambda detail: or_lowest(detail.margin))
    amount = block.metric.amount
    margin = "undefined" if math.isnan(closest.margin) else amount(closest.margin)
    spread = "" if math.isnan(closest.seed_sd) else f", SD {amount(closest.seed_sd)} over {closest.seeds} seeds"
    names = {"margin": margin, "test_set": closest.test_set, "rival": closest.rival, "spread": spread}
    together = people(block, contrasts)
    seeds = sorted(set.intersection(*(set(found.by_seed) for found in contrasts)))
    shown_everywhere = shown == len(details)
    agree = sum(
        all(block.metric.sign * found.by_seed[seed] > 0 for found in contrasts) == shown_everywhere for seed in seeds
    )
    enough = family is not None and len(together.split()) >= FEWEST_SUBJECTS
    against = ", ".join(named[i] for i in family.against(everything)) if family else ""
    sentence = sentence.format(shown=shown, total=len(details), **names)
    if family is not None:
        sentence += decision.decided(facts["hypothesis"], family.decision, against, together)
    if enough:
        sentence += decision.in_seeds(family, everything) + decision.held(family)
    elif len(seeds) > 1:
        sentence += f". {agree} of {len(seeds)} seeds give the same result"
    return _finding(
        block,
        **{"test_set": "", **facts},
        rival="",
        margin=closest.margin,
        low=closest.low,
        high=closest.high,
        interval=closest.interval,
        seed_sd=closest.seed_sd,
        subjects=min(detail.subjects for detail in details),
        seeds=len(seeds),
        seeds_agree=agree,
        seeds_decide=family.seeds_alike(everything) if enough else None,
        count=shown,
        total=len(details),
        **columns(family.largest(everything) if family else PValues()),
        result=SHOWN if shown_everywhere else NOT_SHOWN,
        decision=family.decision if family else "",
        against=against,
        people=together,
        sentence=sentence,
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
