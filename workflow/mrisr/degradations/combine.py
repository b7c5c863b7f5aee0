"""Combine: a mixture. One member degrades each slice, and all members degrade equally many (training-bias)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.mixture import assign
from mrisr.imaging.planes import as_planes

from . import from_description


class Combine:
    """Degrades each image of a stack by one member. All members degrade equally many images, to within one.

    Parameters
    ----------
    members : list of (str or {"kind", "options"})
        Degradations. A study names degradations of its own here.
    seed : int
        Seed of the assignment of slices to members. The assignment depends only on the seed and the slice ids.
    """

    IS_MIXTURE = True

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"],
        members: list[str | dict],
        seed: int = 0,
    ):
        self.seed = seed
        self.operators = {
            str(place): from_description(member, scale=scale, grid=grid) for place, member in enumerate(members)
        }
        assign([], list(self.operators), seed=seed)

    def __call__(self, images: np.ndarray, *, slice_ids: Sequence[str | int] | None = None) -> np.ndarray:
        """Degrade images [H, W], [C, H, W] or [N, C, H, W]; float32 of the same rank, not clipped.

        ``slice_ids`` names the N images (one for the lower ranks); by default 0 to N - 1.
        """
        as_planes(images)
        stack = np.asarray(images) if np.ndim(images) == 4 else np.asarray(images)[None]
        ids = range(len(stack)) if slice_ids is None else slice_ids
        if len(ids) != len(stack):
            raise InputError(f"combine: {len(ids)} slice ids for {len(stack)} images; each image needs one")
        chosen = np.array(assign(ids, list(self.operators), seed=self.seed))
        parts = {name: self.operators[name](stack[chosen == name]) for name in np.unique(chosen)}
        shape = next(iter(parts.values())).shape[1:]
        degraded = np.empty((len(stack), *shape), np.float32)
        for name, part in parts.items():
            degraded[chosen == name] = part
        return degraded if np.ndim(images) == 4 else degraded[0]
