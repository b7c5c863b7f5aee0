"""How large the bias of a block is, and what a mixture costs: the bias index and the price, with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from .block import Block
from .contrasts import Values, overall
from .family import PValues
from .finding import Finding, comparison

BIAS_INDEX, PRICE = "bias index", "price of the mixture"
ALL = "effect"
"""Stands in the column ``hypothesis`` for numbers that decide nothing."""


def findings(block: Block) -> list[Finding]:
    """The bias index of a block, and the price of each of its mixtures.

    The bias index is the mean of the matched models minus the mean of the others, over the test sets of one
    degradation. The price is the mean of the matched models minus that of the mixture's model. Both have the sign that
    makes a positive value a loss.
    """
    singles = [name for name in block.single_test_sets if (name, name) in block.values]
    complete = all((a, b) in block.values for a in singles for b in singles)
    if len(singles) < 2 or not complete:
        return []
    matched = _mean(block, [(name, name) for name in singles])
    others = _mean(block, [(a, b) for a in singles for b in singles if a != b])
    found = [_effect(block, BIAS_INDEX, "", matched, others)]
    for mixture in block.order.mixtures:
        if all((mixture, name) in block.values for name in singles):
            found.append(_effect(block, PRICE, mixture, matched, _mean(block, [(mixture, name) for name in singles])))
    return [one for one in found if one is not None]


def _mean(block: Block, pairs: Iterable[tuple[str, str]]) -> Values:
    """Mean of several cells of the table, slice by slice."""
    parts = [block.values[pair] for pair in pairs]
    with np.errstate(invalid="ignore"):
        return Values(np.mean([p.values for p in parts], axis=0), np.all([p.present for p in parts], axis=0))


def _effect(block: Block, measure: str, mixture: str, matched: Values, other: Values) -> Finding | None:
    found = block.contrast(matched, other)
    if found is None:
        return None
    lost = block.metric.sign * found.gap
    amount = "undefined" if math.isnan(lost) else block.metric.amount(lost)
    quantity = block.metric.quantity
    if measure == BIAS_INDEX:
        said = f"a model loses {amount} {quantity} on average where it is not matched (bias index"
    else:
        said = f"the {mixture} model loses {amount} {quantity} on average against the matched models (price"
    low, high = sorted(block.metric.sign * limit for limit in (found.low, found.high))
    if not math.isnan(low):
        said += f"; 95 % over {found.interval}: " if found.interval != "slices" else "; 95 % of the slices: "
        said += f"{block.metric.amount(low)} to {block.metric.amount(high)}"
    return comparison(
        block,
        found,
        hypothesis=ALL,
        measure=measure,
        test_set="",
        model=mixture,
        rival="",
        value=overall(matched, block.observations),
        rival_value=overall(other, block.observations),
        p_values=PValues(),
        sentence=said + ")",
    )
