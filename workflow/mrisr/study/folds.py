"""Cross-validation by subject: whom each fold tests, validates on and learns from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .checks import Study

FEWEST = 3
"""Subjects that folds need: one each to test, to validate on and to learn from."""


def number_of_folds(folds: int, subjects: int) -> int:
    """As many folds as are asked for, and at most as many as there are subjects."""
    return min(folds, subjects)


def deal(subjects: Sequence[str], folds: int, fold: int) -> dict[str, list[str]]:
    """Deal the subjects of one fold out to the splits.

    Subjects are dealt to ``folds`` parts in turn, so that these differ by one subject at most. Fold k tests part k,
    validates on part k + 1 (after the last comes the first) and learns from the others. Where there are two folds no
    part is left to learn from: then the first subject of the other part validates, and the rest of it trains.

    Parameters
    ----------
    subjects : sequence of str
        Each once; their order decides who is in which part.
    folds : int
        2 to the number of subjects; 2 only from four subjects on, so that each part can both validate and train.
    fold : int
        0 to ``folds`` - 1.

    Returns
    -------
    dict
        ``train``, ``validation`` and ``test``: subjects in their order, none of them empty, each subject in one.
    """
    validating = subjects[(fold + 1) % folds :: folds]
    if folds == 2:
        validating = validating[:1]
    found: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for position, subject in enumerate(subjects):
        tested = position % folds == fold
        found["test" if tested else "validation" if subject in validating else "train"].append(subject)
    return found


def why_impossible(subjects: int, folds: int) -> str | None:
    """Why so many subjects cannot be shared out to so many folds, and what would help; None if they can."""
    if subjects < FEWEST:
        return f"{subjects} subjects are too few for cross-validation, which needs {FEWEST} or more"
    if folds == 2 and subjects == FEWEST:
        return f"{subjects} subjects are too few for 2 folds, which leave none to learn from; set folds to {FEWEST}"
    return None


def problems(study: Study) -> Iterable[str]:
    """Keys that contradict the key ``folds``."""
    if study.folds is None:
        return
    if isinstance(study.slices.count, dict):
        yield "slices.count: with folds a subject's slices serve every split; give one number for all, or null"
    if study.allow_leakage:
        yield "folds: cross-validation keeps each subject in one split of a fold; set allow_leakage to false"
