"""Pairs of a degraded slice and its high-resolution reference, as training and evaluation read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import load_slices
from .errors import InputError


@dataclass(frozen=True)
class Pair:
    """One slice twice: ``degraded`` [C, h, w] and ``reference`` [C, H, W], float32 in [0, 1]."""

    subject: str
    index: int
    degraded: np.ndarray
    reference: np.ndarray

    @property
    def slice_id(self) -> str:
        """Name of the slice across subjects, ``subject/0012``."""
        return f"{self.subject}/{self.index:04d}"


def read_pairs(references: Mapping[str, Path], degraded: Mapping[str, Mapping[str, Path]], *, seed: int) -> list[Pair]:
    """Read the pairs of a training or test set.

    Parameters
    ----------
    references : {subject: slices file}
    degraded : {degradation: {subject: slices file}}
        One degradation, or the members of a mixture: then each slice is read from one member, equal numbers from each
        over the whole set, chosen by ``seed``.
    seed : int
        Seed of the mixture (not of the training, so that every model sees the same set).

    Returns
    -------
    list of Pair
        Every reference slice once, in the order of subjects and indices.
    """
    from .degradations._mixture import assign

    sharp = {subject: load_slices(path)[0] for subject, path in references.items()}
    ids = [f"{subject}/{index:04d}" for subject, slices in sharp.items() for index in slices]
    members = assign(ids, list(degraded), seed=seed)
    blurred = {(name, subject): load_slices(path)[0] for name, files in degraded.items() for subject, path in files.items()}
    pairs = []
    for slice_id, member in zip(ids, members, strict=True):
        subject, index = slice_id.rsplit("/", 1)
        if int(index) not in blurred[member, subject]:
            raise InputError(f"{degraded[member][subject]}: slice {index} is missing; delete the file and run again")
        pairs.append(Pair(subject, int(index), blurred[member, subject][int(index)], sharp[subject][int(index)]))
    return pairs
