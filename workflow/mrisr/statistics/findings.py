"""Tests the two hypotheses of the training-bias paper (Introduction) on the scores of a study.

H1 (`matching`): a model is biased toward the degradation it was trained on. On every single-degradation test set the
matched model is compared with the other single-degradation models.
H2 (`mixtures`): training on a mixture generalises. The mixture's model is compared with every single-degradation model
on the single-degradation test sets, by their mean (primary measure) and by the worst one (secondary measure). Both
measures were fixed beforehand.

Each comparison is a fact about these slices. A hypothesis is decided with six subjects or more, by sign-flip tests over
subjects (`family.Family`). With fewer it is undecided. `effects` says how large the bias is, and what a mixture costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

import pandas as pd

from . import effects, matching, mixtures
from .block import blocks
from .finding import NOT_SHOWN, Finding
from .order import Order


def find(scores: pd.DataFrame, order: Order | Mapping[str, Any]) -> list[Finding]:
    """All findings, H1 before H2, by group (the primary one first), metric, scale, architecture and loss."""
    order = Order.of(order)
    found: list[Finding] = []
    for block in blocks(scores, order):
        found += [*matching.findings(block), *mixtures.findings(block), *effects.findings(block)]
    by = ["hypothesis", "group", "metric", "scale", "architecture", "loss"]
    return [found[position] for position in order.positions(table(found), by)]


def table(found: Iterable[Finding]) -> pd.DataFrame:
    """The table findings.csv: the fields of `Finding`."""
    rows = pd.DataFrame([asdict(finding) for finding in found], columns=[field.name for field in fields(Finding)])
    return rows.astype(dict.fromkeys(("count", "total", "seeds_agree", "seeds_decide"), "Int64"))


def sentences(found: Iterable[Finding]) -> list[str]:
    """Sentences for the findings: all summaries, and every single comparison that disagrees with its hypothesis."""
    return [f.sentence for f in found if not f.rival or f.result == NOT_SHOWN]
