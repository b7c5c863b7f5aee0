"""A family: contrasts that are tested together, and the decision on a hypothesis that follows."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import flips
from .contrasts import Contrast

LEVEL = 0.05
FEWEST_SUBJECTS = 6
"""Fewest subjects for a decision: the smallest two-sided p-value, 2 / 2^n, is below 0.05 from six on."""
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"


@dataclass(frozen=True)
class PValues:
    """Two-sided p-values of a contrast, or the largest of several contrasts; NaN with too few subjects.

    ``flip`` is that of the sign-flip test, ``max_t`` and ``holm`` are corrected over the family. ``wilcoxon`` is that
    of the signed-rank test, not corrected.
    """

    flip: float = np.nan
    max_t: float = np.nan
    holm: float = np.nan
    wilcoxon: float = np.nan


class Family:
    """Tests over subjects of the contrasts of a hypothesis, which says that the first model is better in each of them.

    The hypothesis is ``supported`` if every contrast alone is significant in favour of its first model. This
    intersection-union test needs no correction (Berger, Technometrics 24:295, 1982). It is ``contradicted`` if a single
    contrast is significant against its first model after the correction by step-down max-T. Otherwise, and with fewer
    than `FEWEST_SUBJECTS` subjects, it is ``undecided``.

    Parameters
    ----------
    contrasts : sequence of Contrast
    sign : int
        1 for a metric where higher is better, otherwise -1.
    """

    def __init__(self, contrasts: Sequence[Contrast], *, sign: int):
        self.contrasts, self._sign = contrasts, sign
        # The mean that is tested. With folds of unequal sizes it differs from the mean over runs.
        with np.errstate(invalid="ignore"):
            self._margins = [sign * float(np.mean(list(found.by_subject.values()))) for found in contrasts]
        self._alone = self._corrected = np.full(len(contrasts), np.nan)
        if min(found.subjects for found in contrasts) >= FEWEST_SUBJECTS:
            differences = _differences(contrasts)
            self._alone, self._corrected = flips.p_values(differences), flips.max_t(differences)
        self.decision = self._decide()

    @functools.cached_property
    def p_values(self) -> list[PValues]:
        """The p-values of each contrast."""
        if np.isnan(self._alone).any():
            return [PValues()] * len(self.contrasts)
        ranked = [found.wilcoxon() for found in self.contrasts]
        rows = zip(self._alone, self._corrected, holm(self._alone), ranked, strict=True)
        return [PValues(*map(float, row)) for row in rows]

    def _decide(self) -> str:
        everything = range(len(self._margins))
        if self.against(everything):
            return CONTRADICTED
        holds = all(self._margins[i] > 0 and self._alone[i] < LEVEL for i in everything)
        return SUPPORTED if holds else UNDECIDED

    def against(self, chosen: Sequence[int]) -> list[int]:
        """Those of some contrasts, by position, that are significant against their first model."""
        return [i for i in chosen if self._margins[i] < 0 and self._corrected[i] < LEVEL]

    @functools.cached_property
    def of_seeds(self) -> list[Family]:
        """The same family for each seed that all contrasts have, as if there were no other."""
        seeds = sorted(set.intersection(*(set(found.by_subject_in) for found in self.contrasts)))
        return [Family([found.of_seed(seed) for found in self.contrasts], sign=self._sign) for seed in seeds]

    def seeds_alike(self, chosen: Sequence[int]) -> int:
        """How many seeds, each alone, give the decision on some of the contrasts, by position.

        A seed contradicts likewise only if it does so in one of the contrasts that contradict.
        """
        decision, against = self.part(chosen), set(self.against(chosen))
        alike = (one for one in self.of_seeds if one.part(chosen) == decision)
        return sum(not against or bool(against & set(one.against(chosen))) for one in alike)

    def part(self, chosen: Sequence[int]) -> str:
        """The decision on some of the contrasts, by position, corrected over the whole family.

        A hypothesis that is supported holds in all its parts.
        """
        if self.against(chosen):
            return CONTRADICTED
        holds = all(self._margins[i] > 0 and self._corrected[i] < LEVEL for i in chosen)
        return SUPPORTED if holds or self.decision == SUPPORTED else UNDECIDED

    def largest(self, chosen: Sequence[int]) -> PValues:
        """The largest p-values of some of the contrasts."""
        names = PValues.__dataclass_fields__
        return PValues(**{name: max(getattr(self.p_values[i], name) for i in chosen) for name in names})


def _differences(contrasts: Sequence[Contrast]) -> np.ndarray:
    """[subjects, contrasts] for `flips`: a subject that a contrast does not have is 0, which no flip changes."""
    subjects = sorted({name for found in contrasts for name in found.by_subject})
    return np.array([[found.by_subject.get(name, 0.0) for found in contrasts] for name in subjects])


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction of a family's p-values (Scand. J. Statist. 6:65, 1979)."""
    ascending = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    corrected = np.empty(len(p_values))
    corrected[ascending] = np.minimum(1, np.maximum.accumulate(np.asarray(p_values)[ascending] * factors))
    return corrected.tolist()
