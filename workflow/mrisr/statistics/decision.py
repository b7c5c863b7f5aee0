"""A decision in words: by whom a hypothesis is contradicted, for which subjects, and on how many seeds it rests."""

from __future__ import annotations

from collections.abc import Sequence

from .contrasts import Contrast
from .family import FEWEST_SUBJECTS, UNDECIDED, Family


def decided(hypothesis: str, decision: str, against: str, people: str) -> str:
    """The decision in words, with the subjects that it is about."""
    names = people.split()
    if len(names) < FEWEST_SUBJECTS:
        return (
            f". {hypothesis} is {UNDECIDED}: a decision needs {FEWEST_SUBJECTS} test subjects, these are {len(names)}"
        )
    by = f" by {against}" if against else ""
    return f". {hypothesis} is {decision}{by} for {len(names)} test subjects ({', '.join(names)})"


def decided_alike(family: Family, chosen: Sequence[int], found: Contrast) -> int | None:
    """How many seeds alone give the decision on a part; None with too few subjects for one."""
    return family.seeds_alike(chosen) if found.subjects >= FEWEST_SUBJECTS else None


def in_seeds(family: Family, chosen: Sequence[int]) -> str:
    """On how many seeds the decision on some of a family's contrasts rests, in words."""
    if max(found.seeds for found in family.contrasts) < 2:
        return ", for models of one seed"
    return f", in {family.seeds_alike(chosen)} of {len(family.of_seeds)} seeds alone"


def held(family: Family) -> str:
    """How many intervals over seeds of the comparisons that decide contain 0, in words; nothing if none does."""
    if family.decision == UNDECIDED:
        return ""
    everything = family.contrasts
    deciding = [everything[i] for i in family.against(range(len(everything)))] or everything
    holding = sum(found.seeds > 1 and found.low <= 0 <= found.high for found in deciding)
    if not holding:
        return ""
    if len(deciding) == 1:
        return ". The 95 % interval over subjects and seeds of this comparison contains 0"
    return f". The 95 % interval over subjects and seeds contains 0 in {holding} of these {len(deciding)} comparisons"
