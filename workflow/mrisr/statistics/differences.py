"""Differences of two methods on the same subjects: size, Student's paired t test and Wilcoxon's signed-rank test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.stats

from .contrasts import INTERVAL_SUBJECTS
from .family import LEVEL

FEWEST_FOR_T = INTERVAL_SUBJECTS
"""Fewest subjects for a t test. With fewer, it would rest only on the assumption of normal differences."""
ROUNDING = 1e-9
"""Smallest relative difference that counts, because scores have nine digits."""


@dataclass(frozen=True)
class Differences:
    """``differences`` [n], one per subject; NaN or infinite if undefined.

    In `numbers`, ``difference`` is the mean, ``low`` and ``high`` its 95 % interval under the t distribution,
    ``effect`` the mean divided by the standard deviation (Cohen's d of paired samples), and ``w`` the smaller sum of
    signed ranks, without zeros. Undefined numbers are NaN.
    """

    differences: np.ndarray

    def numbers(self) -> dict[str, float]:
        """The columns ``difference`` to ``w`` of the table. The p-values are not corrected."""
        found = dict.fromkeys(("difference", "low", "high", "effect", "t", "p_t", "w", "p_wilcoxon"), np.nan)
        if not np.isfinite(self.differences).all():
            return found
        found["difference"] = float(self.differences.mean())
        if self.varies:
            found["effect"] = found["difference"] / float(self.differences.std(ddof=1))
        if self.varies and len(self.differences) >= FEWEST_FOR_T:
            test = scipy.stats.ttest_1samp(self.differences, 0.0)
            low, high = test.confidence_interval(0.95)
            found |= {"low": float(low), "high": float(high), "t": float(test.statistic), "p_t": float(test.pvalue)}
        if self.can_rank(1):
            test = scipy.stats.wilcoxon(self.changed)
            found |= {"w": float(test.statistic), "p_wilcoxon": float(test.pvalue)}
        return found

    @property
    def varies(self) -> bool:
        """Whether the differences differ by more than rounding."""
        return bool(np.ptp(self.differences) > ROUNDING * np.abs(self.differences).max())

    @property
    def changed(self) -> np.ndarray:
        """The differences that are not zero."""
        return self.differences[self.differences != 0]

    def can_rank(self, comparisons: int) -> bool:
        """Whether the smallest p-value of Wilcoxon's test, 2 / 2^n, times ``comparisons`` is below 0.05."""
        return comparisons * 2.0 ** (1 - len(self.changed)) < LEVEL

    def why_blank(self, comparisons: int) -> Iterator[str]:
        """Reasons for missing p-values, for the column note."""
        if not np.isfinite(self.differences).all():
            yield "undefined or infinite values"
        elif not self.differences.any():
            yield "no differences"
        else:
            if len(self.differences) < FEWEST_FOR_T:
                yield f"t: fewer than {FEWEST_FOR_T} subjects"
            elif not self.varies:
                yield "t: all differences are equal"
            if not self.can_rank(1):
                yield f"Wilcoxon: {len(self.changed)} differences cannot reach {LEVEL}"
            elif not self.can_rank(comparisons):
                yield f"Wilcoxon: {len(self.changed)} differences cannot reach {LEVEL} after Holm"
