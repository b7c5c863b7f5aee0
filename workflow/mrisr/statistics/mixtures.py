"""H2: does the model trained on a mixture generalise better than the single-degradation models?"""

from __future__ import annotations

import math

import numpy as np

from .block import Block
from .contrasts import Values, overall
from .decision import decided_alike, in_seeds
from .family import UNDECIDED, Family, PValues
from .finding import Finding, comparison, or_lowest, summary

MEAN, WORST = "mean over test sets", "worst test set"
"""The primary and the secondary measure. Only the primary one decides."""


def findings(block: Block) -> list[Finding]:
    """For every mixture and measure: one finding against each single-degradation model, and a summary of them."""
    complete = [t for t in block.training_sets if all((t, s) in block.values for s in block.single_test_sets)]
    singles = block.order.singles(complete)
    found = []
    for mixture in complete:
        if mixture in block.order.mixtures and singles and block.single_test_sets:
            for measure, pooled in ((MEAN, _mean_over_test_sets), (WORST, _on_worst_test_set)):
                values = {model: pooled(block, model) for model in (mixture, *singles)}
                found += _compare(block, measure, mixture, values)
    return found


def _mean_over_test_sets(block: Block, model: str) -> Values:
    """A model's values averaged over the single-degradation test sets, slice by slice."""
    parts = [block.values[model, test_set] for test_set in block.single_test_sets]
    with np.errstate(invalid="ignore"):
        return Values(np.mean([p.values for p in parts], axis=0), np.any([p.present for p in parts], axis=0))


def _on_worst_test_set(block: Block, model: str) -> Values:
    return block.values[model, _worst(block, model)]


def _worst(block: Block, model: str) -> str:
    """The single-degradation test set on which a model has its worst mean."""
    return min(block.single_test_sets, key=lambda t: or_lowest(block.metric.sign * block.means[model, t]))


def _remark(family: Family, position: int, worst: dict[str, str], mixture: str, rival: str) -> str:
    """The decision against one model, or for the worst case the two models' worst test sets, in words."""
    if worst[mixture]:
        return f"; {worst[mixture]} for the {mixture} model, {worst[rival]} for the {rival} model"
    decision = family.part([position])
    if decision == UNDECIDED:
        return ""
    return f"; H2 is {decision} against this model{in_seeds(family, [position])}"


def _compare(block: Block, measure: str, mixture: str, values: dict[str, Values]) -> list[Finding]:
    contrasts = {rival: block.contrast(values[mixture], values[rival]) for rival in values if rival != mixture}
    contrasts = {rival: found for rival, found in contrasts.items() if found is not None}
    if not contrasts:
        return []
    primary = measure == MEAN
    family = Family(list(contrasts.values()), sign=block.metric.sign)
    worst = {model: "" if primary else _worst(block, model) for model in values}
    details = [
        comparison(
            block,
            found,
            hypothesis="H2",
            measure=measure,
            test_set=worst[mixture],
            model=mixture,
            rival=rival,
            value=overall(values[mixture], block.observations),
            rival_value=overall(values[rival], block.observations),
            p_values=family.p_values[position] if primary else PValues(),
            decision=family.part([position]) if primary else "",
            against=f"the {rival} model" if primary and family.against([position]) else "",
            seeds_decide=decided_alike(family, [position], found) if primary else None,
            sentence=_sentence(block, measure, mixture, rival, block.metric.sign * found.gap)
            + _remark(family, position, worst, mixture, rival),
        )
        for position, (rival, found) in enumerate(contrasts.items())
    ]
    total = summary(
        block,
        details,
        list(contrasts.values()),
        hypothesis="H2",
        measure=measure,
        model=mixture,
        test_set=worst[mixture],
        family=family if primary else None,
        named=[f"the {rival} model" for rival in contrasts],
        sentence=f"the {mixture} model has a better {block.metric.quantity} ({measure}"
        + ("" if primary else f", which is {worst[mixture]} for it")
        + ") than {shown} of {total} single-degradation models; the smallest margin is {margin} (against the {rival} "
        "model{spread})",
    )
    return [*details, total]


def _sentence(block: Block, measure: str, mixture: str, rival: str, margin: float) -> str:
    quantity, amount = block.metric.quantity, block.metric.amount(abs(margin))
    if math.isnan(margin):
        return f"the {mixture} and {rival} models cannot be compared: undefined or infinite {quantity}"
    if margin == 0:
        return f"the {rival} model equals the {mixture} model in {quantity} ({measure})"
    first, second = (mixture, rival) if margin > 0 else (rival, mixture)
    return f"the {first} model beats the {second} model by {amount} {quantity} ({measure})"
