"""Cross-validation by subject: the training, validation and test subjects of each fold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .checks import Study

FEWEST = 3
"""Fewest subjects for folds: one each for training, validation and test."""


def number_of_folds(folds: int, subjects: int) -> int:
    """The requested number of folds, at most one for each subject."""
    return min(folds, subjects)


def deal(subjects: Sequence[str], folds: int, fold: int) -> dict[str, list[str]]:
    """The subjects of each split in one fold.

    Subjects are dealt to ``folds`` parts in turn, so the sizes of the parts differ by at most one. Fold k tests on part
    k, validates on part k + 1 (the first part follows the last) and trains on the others. Two folds leave no others:
    then the first subject of the other part is for validation, and the rest of that part for training.

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
    """Why there are too few subjects for this number of folds, and what would help; None if there are enough."""
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
