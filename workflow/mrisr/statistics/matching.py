"""H1: is the model trained on a degradation the best single-degradation model on that degradation's test set?"""

from __future__ import annotations

import math
from collections.abc import Iterable

from .block import Block
from .decision import decided_alike, in_seeds
from .family import UNDECIDED, Family
from .finding import Finding, comparison, or_lowest, summary

PER_TEST_SET, ALL_TEST_SETS = "matched model against the best other", "matched models on all test sets"


def findings(block: Block) -> list[Finding]:
    """One finding per single-degradation test set that has a matched model and a rival, and a summary of them."""
    singles = block.order.singles(block.training_sets)
    found = block.gaps
    pairs = [(rival, test_set) for test_set in block.single_test_sets for rival in singles]
    pairs = [pair for pair in pairs if pair in found]
    if not pairs:
        return []
    family = Family([found[pair] for pair in pairs], sign=block.metric.sign)
    details = []
    for test_set in dict.fromkeys(test_set for _, test_set in pairs):
        rivals = [rival for rival, on in pairs if on == test_set]
        strongest = min(rivals, key=lambda rival: or_lowest(block.metric.sign * found[rival, test_set].gap))
        part = [position for position, (_, on) in enumerate(pairs) if on == test_set]
        details.append(_detail(block, test_set, strongest, family, part, pairs))
    total = summary(
        block,
        details,
        [found[pair] for pair in pairs],
        hypothesis="H1",
        measure=ALL_TEST_SETS,
        model="",
        family=family,
        named=[_named([pair]) for pair in pairs],
        sentence=f"the matched model has the best {block.metric.quantity} on {{shown}} of {{total}} test sets; "
        "the smallest margin is {margin} ({test_set}, against the {rival} model{spread})",
    )
    return [*details, total]


def _detail(
    block: Block, test_set: str, rival: str, family: Family, part: list[int], pairs: list[tuple[str, str]]
) -> Finding:
    """The finding on one test set: its strongest rival, and the decision over all its rivals."""
    found, against = block.gaps[rival, test_set], family.against(part)
    decision = family.part(part)
    by = f" by {_named((pairs[i] for i in against), on=False)}" if against else ""
    seeds = in_seeds(family, part)
    decided = "" if decision == UNDECIDED else f"; H1 is {decision} there{by}{seeds}"
    return comparison(
        block,
        found,
        hypothesis="H1",
        measure=PER_TEST_SET,
        test_set=test_set,
        model=test_set,
        rival=rival,
        value=block.means[test_set, test_set],
        rival_value=block.means[rival, test_set],
        p_values=family.largest(part),
        decision=decision,
        against=_named(pairs[i] for i in against),
        seeds_decide=decided_alike(family, part, found),
        sentence=_sentence(block, test_set, rival, block.metric.sign * found.gap) + decided,
    )


def _named(pairs: Iterable[tuple[str, str]], *, on: bool = True) -> str:
    """Models that beat the matched one, in words: ``the gaussian model on hamming``."""
    return ", ".join(f"the {rival} model" + (f" on {test_set}" if on else "") for rival, test_set in pairs)


def _sentence(block: Block, test_set: str, rival: str, margin: float) -> str:
    quantity, amount = block.metric.quantity, block.metric.amount(abs(margin))
    if math.isnan(margin):
        return f"the {test_set} and {rival} models cannot be compared on {test_set}: undefined or infinite {quantity}"
    if margin > 0:
        return f"the {test_set} model is the best on {test_set}, {amount} {quantity} better than the {rival} model"
    if margin < 0:
        return f"the {rival} model beats the {test_set} model on {test_set} by {amount} {quantity}"
    return f"the {rival} model equals the {test_set} model on {test_set} in {quantity}"
