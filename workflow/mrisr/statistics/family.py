"""A family: contrasts that are tested together, and the decision on a hypothesis that follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .contrasts import Contrast

LEVEL = 0.05
FEWEST_SUBJECTS = 11
"""Fewest subjects for a decision. With fewer, the 30 contrasts of six degradations cannot reach 0.05 after Holm.
Smaller families need as many."""


class Family:
    """Two-sided signed-rank tests over subjects with Holm's correction.

    ``p_values`` are NaN with fewer subjects than `subjects_needed`. ``decision`` is ``supported`` if every contrast is
    significant and in favour of its first model, ``contradicted`` if one is significant in the other direction,
    otherwise ``undecided``. ``sign`` is 1 for a metric where higher is better, otherwise -1.
    """

    def __init__(self, contrasts: Sequence[Contrast], *, sign: int):
        enough = min(found.subjects for found in contrasts) >= subjects_needed(len(contrasts))
        self.p_values = holm([found.p_value() for found in contrasts]) if enough else [np.nan] * len(contrasts)
        tested = zip(contrasts, self.p_values, strict=True)
        significant = [sign * found.gap for found, p_value in tested if p_value < LEVEL]
        self.decision = "undecided"
        if any(margin < 0 for margin in significant):
            self.decision = "contradicted"
        elif len(significant) == len(contrasts):
            self.decision = "supported"


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction of a family's p-values (Scand. J. Statist. 6:65, 1979)."""
    ascending = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.empty(len(p_values))
    corrected[ascending] = np.minimum(1, np.maximum.accumulate(np.asarray(p_values)[ascending] * factors))
    return corrected.tolist()


def subjects_needed(contrasts: int) -> int:
    """Fewest subjects with which the smallest p-value, 2 / 2^n times the number of contrasts, is below 0.05."""
    return max(FEWEST_SUBJECTS, int(np.log2(2 * contrasts / LEVEL)) + 1)
