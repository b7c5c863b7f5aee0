"""Degrades estimates again, in the way of their test set, for metrics that compare with the input."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mrisr import degradations, plugins
from mrisr.arrays import Cache, load_slices, slice_name, stored_slices
from mrisr.imaging.mixture import assign


class Again:
    """The degradations of one test set, as `mrisr.pairs.read_pairs` chooses them for its slices.

    Parameters
    ----------
    references, degraded, seed
        As for `mrisr.pairs.read_pairs`.
    """

    def __init__(self, references: Mapping[str, Any], degraded: Mapping[str, Mapping[str, Any]], *, seed: int):
        ids = [
            slice_name(subject, index)
            for subject, path in references.items()
            for index in stored_slices(path, Cache(0))
        ]
        self.member = dict(zip(ids, assign(ids, list(degraded), seed=seed), strict=True))
        self.degraded = degraded

    def __call__(self, subject: str, index: int, estimate: np.ndarray) -> np.ndarray | None:
        """An estimate [C, H, W] degraded as its slice was, clipped to [0, 1]; None if that cannot be repeated.

        A real scan cannot, nor what was learned.
        """
        name = slice_name(subject, index)
        operator = self._operator(self.member[name], subject)
        if operator is None:
            return None
        return np.clip(operator(np.asarray(estimate, np.float32), slice_ids=[name]), 0.0, 1.0)

    @functools.lru_cache(maxsize=64)  # noqa: B019  an instance lives as long as the job scores its test set
    def _operator(self, member: str, subject: str) -> Callable | None:
        _, metadata = load_slices(self.degraded[member][subject], [])
        method = metadata["degradation"]
        if plugins.constant("degradations", method["kind"], "NEEDS"):
            return None
        return degradations.from_description(method, scale=metadata["scale"], grid=metadata["grid"])
