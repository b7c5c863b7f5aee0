"""Pairs of a degraded slice and its high-resolution reference, as training and evaluation read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .arrays import load_slices, slice_name
from .errors import InputError


@dataclass(frozen=True)
class Pair:
    """One slice twice: ``degraded`` [C, h, w] and ``reference`` [C, H, W], float32 in [0, 1]."""

    subject: str
    index: int
    degraded: np.ndarray
    reference: np.ndarray


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
    ids = [(subject, index) for subject, slices in sharp.items() for index in slices]
    members = dict(zip(ids, assign([slice_name(*i) for i in ids], list(degraded), seed=seed), strict=True))
    pairs = []
    for subject in references:
        for member, files in degraded.items():
            wanted = [index for (owner, index), name in members.items() if (owner, name) == (subject, member)]
            blurred, _ = load_slices(files[subject], wanted)
            for index in wanted:
                if index not in blurred:
                    raise InputError(f"{files[subject]}: slice {index} is missing; delete the file and run again")
                pairs.append(Pair(subject, index, blurred[index], sharp[subject][index]))
    order = {slice_id: position for position, slice_id in enumerate(ids)}
    return sorted(pairs, key=lambda pair: order[pair.subject, pair.index])
