"""Is a finding one of a single metric? Decisions and rankings of a study under each of its metrics, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats

from . import matching, mixtures
from .block import Block, blocks
from .finding import Finding
from .order import Order

BLOCK = ["scale", "architecture", "loss", "group"]
COLUMNS = (
    *("hypothesis", "measure", *BLOCK, "test_set", "model", "metric"),
    *("decision", "against", "result", "count", "total", "p_flip", "best", "tau", "agree", "sentence", "note"),
)
MEASURES = (matching.PER_TEST_SET, matching.ALL_TEST_SETS, mixtures.MEAN)


def table(scores: pd.DataFrame, order: Order | Mapping[str, Any]) -> pd.DataFrame:
    """One row for each metric and each statement on H1 and H2 that is decided, with `COLUMNS`.

    A statement is H1 on a test set, H1 as a whole, or H2. ``best`` is the best model of those that the statement ranks,
    by the row's metric; it is blank for H1 as a whole. ``tau`` is Kendall's tau-b between the ranking by the row's
    metric and the one by the study's first metric; for H1 as a whole it is the mean over the test sets. ``agree`` says
    whether all metrics give the same decision, and ``sentence`` who does not. It also says whether metrics that
    contradict do so by other models, or elsewhere.
    """
    order = Order.of(order)
    by_metric: dict[tuple, dict[str, Block]] = {}
    for block in blocks(scores, order):
        by_metric.setdefault(tuple(block.names[name] for name in BLOCK), {})[block.names["metric"]] = block
    rows = [row for found in by_metric.values() for row in _rows({m: found[m] for m in order.metrics if m in found})]
    result = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"count": "Int64", "total": "Int64"})
    return order.sort(result, ["hypothesis", "group", *BLOCK[:3]])


def _rows(found: Mapping[str, Block]) -> Iterator[dict[str, Any]]:
    """The rows of the blocks of one architecture and loss, by metric."""
    statements: dict[tuple, dict[str, Finding]] = {}
    for metric, block in found.items():
        for finding in (*matching.findings(block), *mixtures.findings(block)):
            if finding.measure in MEASURES and (finding.measure == matching.PER_TEST_SET or not finding.rival):
                key = (finding.hypothesis, finding.measure, finding.test_set, finding.model)
                statements.setdefault(key, {})[metric] = finding
    for (hypothesis, measure, test_set, model), told in statements.items():
        rankings = {metric: _rankings(found[metric], measure, test_set, model) for metric in told}
        first = next(iter(rankings.values()))
        agree = len({finding.decision for finding in told.values()}) == 1
        for metric, finding in told.items():
            (ranked, *further) = rankings[metric]
            yield {
                **{name: getattr(finding, name) for name in COLUMNS if hasattr(finding, name)},
                **{"hypothesis": hypothesis, "measure": measure, "test_set": test_set, "model": model},
                "best": "" if further else max(ranked, key=ranked.get),
                "tau": float(np.mean([_tau(a, b) for a, b in zip(rankings[metric], first, strict=True)])),
                "agree": "yes" if agree else "no",
                "sentence": _sentence(found[metric], hypothesis, test_set, told),
            }


def _rankings(block: Block, measure: str, test_set: str, model: str) -> list[dict[str, float]]:
    """What a statement ranks: the value of each model, larger is better; one ranking for each test set of H1."""
    singles = block.order.singles(block.training_sets)
    if measure == mixtures.MEAN:
        sets = block.single_test_sets
        complete = [name for name in (*singles, model) if all((name, t) in block.means for t in sets)]
        return [{name: block.metric.sign * np.mean([block.means[name, t] for t in sets]) for name in complete}]
    sets = [test_set] if test_set else [name for name in block.single_test_sets if (name, name) in block.means]
    return [
        {name: block.metric.sign * block.means[name, t] for name in singles if (name, t) in block.means} for t in sets
    ]


def _tau(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Kendall's tau-b of two rankings of the same models; NaN if there are fewer than two or a value is undefined."""
    common = [name for name in first if name in second]
    values = np.array([[ranking[name] for name in common] for ranking in (first, second)])
    if len(common) < 2 or not np.isfinite(values).all():
        return np.nan
    return float(scipy.stats.kendalltau(*values).statistic)


def _sentence(block: Block, hypothesis: str, test_set: str, told: Mapping[str, Finding]) -> str:
    """``srcnn / mse, x2, H2: supported by psnr, nrmse; undecided by ssim. The metrics disagree.``"""
    names = block.names
    title = f"{names['architecture']} / {names['loss']}, x{names['scale']}, test group {names['group']}, {hypothesis}"
    title += f" on {test_set}" if test_set else ""
    by_decision = itertools.groupby(sorted(told, key=lambda m: _rank(told[m])), key=lambda m: told[m].decision)
    parts = [f"{decision} by {', '.join(metrics)}" for decision, metrics in by_decision]
    return f"{title}: {'; '.join(parts)}. {_verdict(list(told.values()))}."


def _rank(finding: Finding) -> int:
    return ("supported", "contradicted", "undecided").index(finding.decision)


def _verdict(told: Sequence[Finding]) -> str:
    decisions = {finding.decision for finding in told}
    if len(told) == 1:
        return "The study has no other metric"
    if {"supported", "contradicted"} <= decisions:
        return "The metrics contradict each other"
    if len(decisions) > 1:
        return "The metrics do not agree"
    if len({finding.against for finding in told}) > 1:
        return "The metrics agree, but not on what contradicts"
    return "The metrics agree"
