"""Pairs of a degraded slice and its high-resolution reference, as training and evaluation read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import Cache, StoredSlice, slice_name, stored_slices
from .errors import InputError


@dataclass(frozen=True)
class Pair:
    """A degraded slice and its reference: ``degraded`` [C, h, w] and ``reference`` [C, H, W], float32 in [0, 1].

    Both have a ``shape``. ``np.asarray`` gives the values, and reads them from disk if needed.
    """

    subject: str
    index: int
    degraded: np.ndarray | StoredSlice
    reference: np.ndarray | StoredSlice

    def loaded(self) -> Pair:
        """The same pair with its values in memory."""
        return Pair(self.subject, self.index, np.asarray(self.degraded), np.asarray(self.reference))


def read_pairs(
    references: Mapping[str, Path],
    degraded: Mapping[str, Mapping[str, Path]],
    *,
    seed: int,
    cache: Cache | None = None,
) -> list[Pair]:
    """List the pairs of a training or test set. Their values are read when they are used.

    Parameters
    ----------
    references : {subject: slices file}
    degraded : {degradation: {subject: slices file}}
        One degradation, or the members of a mixture. In a mixture each slice is read from one member, chosen by
        ``seed``. Over the whole set all members have equally many slices, to within one.
    seed : int
        Seed of the mixture (not of the training, so that every model sees the same set).
    cache : Cache, optional
        Keeps values that were read once. By default nothing is kept.

    Returns
    -------
    list of Pair
        Every reference slice once, in the order of subjects and indices.

    Raises
    ------
    InputError
        A file cannot be read, or lacks a slice.
    """
    from .imaging.mixture import assign

    cache = cache or Cache(0)
    sharp = {subject: stored_slices(path, cache) for subject, path in references.items()}
    blurred = {
        member: {subject: stored_slices(files[subject], cache) for subject in references}
        for member, files in degraded.items()
    }
    ids = [(subject, index) for subject, slices in sharp.items() for index in slices]
    members = assign([slice_name(*slice_id) for slice_id in ids], list(degraded), seed=seed)
    pairs = []
    for (subject, index), member in zip(ids, members, strict=True):
        if index not in blurred[member][subject]:
            raise InputError(f"{degraded[member][subject]}: slice {index} is missing; delete the file and run again")
        pairs.append(Pair(subject, index, blurred[member][subject][index], sharp[subject][index]))
    return pairs
