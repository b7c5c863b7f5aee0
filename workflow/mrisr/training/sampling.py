"""Chooses the images of a step by (seed, epoch, step) alone, so that a resumed training sees the same images.

Whole slices are batched by shape. An epoch is a permutation of all slices. Slices of equal shape, in the order of the
permutation, form batches (the last of a shape may be short). The batches follow each other in random order.
Patches are cut from random slices at random positions, with replacement. Flips and turns act on both images of a pair
alike; turns by odd multiples of 45 degrees interpolate (`mrisr.training.rotation`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from mrisr.errors import InputError
from mrisr.pairs import Pair

from .rotation import positions, turned_patch

Batch = tuple[np.ndarray, np.ndarray]
"""Degraded [N, C, h, w] and reference [N, C, H, W] images, float32."""


def require_consistent(pairs: Sequence[Pair], scale: int) -> None:
    """Raise `InputError` unless all references are ``scale`` times their degraded slices, with equal channels."""
    for pair in pairs:
        channels, height, width = pair.degraded.shape
        expected = (pairs[0].degraded.shape[0], height * scale, width * scale)
        if pair.reference.shape != expected or channels != expected[0]:
            raise InputError(
                f"{_name(pair)}: the degraded slice is {pair.degraded.shape}, the reference {pair.reference.shape}; "
                f"at scale {scale} and with {expected[0]} channel(s) as in {_name(pairs[0])} it would be {expected}"
            )


def step_seed(seed: int, epoch: int, step: int) -> int:
    """Seed of the network's own randomness in one step (dropout, noise), 63 bits."""
    return int(np.random.SeedSequence([seed, epoch, step], spawn_key=(2,)).generate_state(1, np.uint64)[0] >> 1)


class WholeSlices:
    """Batches of whole slices. An epoch has ``steps`` batches, by default one pass over all slices.

    If ``steps_per_epoch`` exceeds one pass, further permutations follow. Quarter turns are chosen per batch, not per
    slice, so that the shapes in a batch stay equal.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        *,
        batch: int,
        steps_per_epoch: int | None = None,
        flips: bool,
        quarter_turns: bool,
        seed: int,
    ):
        self.pairs, self.size, self.seed = pairs, batch, seed
        self.flips, self.quarter_turns = flips, quarter_turns
        self.batches = len(_buckets(pairs, range(len(pairs)), batch))
        self.steps = steps_per_epoch or self.batches
        self._pass = functools.lru_cache(maxsize=2)(self._pass)

    def indices(self, epoch: int, step: int) -> list[int]:
        """Positions in ``pairs`` of one batch's slices."""
        return self._pass(epoch, step // self.batches)[step % self.batches]

    def __call__(self, epoch: int, step: int) -> Batch:
        draw = _generator(self.seed, epoch, step)
        turns = int(draw.integers(4)) * self.quarter_turns
        images = []
        for index in self.indices(epoch, step):
            flips = draw.integers(2, size=2) * self.flips
            pair = self.pairs[index].loaded()
            images.append((_moved(pair.degraded, flips, turns), _moved(pair.reference, flips, turns)))
        return _stacked(images)

    def _pass(self, epoch: int, number: int) -> list[list[int]]:
        draw = np.random.default_rng(np.random.SeedSequence([self.seed, epoch, number], spawn_key=(1,)))
        order = draw.permutation(len(self.pairs)).tolist()
        batches = _buckets(self.pairs, order, self.size)
        return [batches[position] for position in draw.permutation(len(batches))]


class Patches:
    """Batches of square patches. An epoch has ``steps`` batches, by default enough for one patch per slice.

    ``patch`` is the side in pixels of the reference. The degraded patch has 1/scale of it and covers the same place.
    ``eighth_turns`` turns every second patch by 45 degrees besides its quarter turns. If the slice is large enough,
    such a patch lies far enough from the border that only pixels of the slice are read.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        *,
        scale: int,
        batch: int,
        patch: int,
        steps_per_epoch: int | None = None,
        flips: bool,
        quarter_turns: bool,
        eighth_turns: bool = False,
        seed: int,
    ):
        if patch % scale:
            raise InputError(f"training.patch: {patch} is not a multiple of the scale {scale}")
        smallest = min(pairs, key=lambda pair: min(pair.reference.shape[1:]))
        if min(smallest.reference.shape[1:]) < patch:
            height, width = smallest.reference.shape[1:]
            raise InputError(f"training.patch: {patch} does not fit into {_name(smallest)}, {height} x {width} pixels")
        self.pairs, self.scale, self.size, self.seed = pairs, scale, batch, seed
        self.side = patch // scale
        self.flips, self.quarter_turns, self.eighth_turns = flips, quarter_turns, eighth_turns
        self.steps = steps_per_epoch or math.ceil(len(pairs) / batch)

    def __call__(self, epoch: int, step: int) -> Batch:
        draw = _generator(self.seed, epoch, step)
        chosen = draw.integers(len(self.pairs), size=self.size)
        return _stacked([self._patch(self.pairs[index].loaded(), draw) for index in chosen])

    def _patch(self, pair: Pair, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        _, height, width = pair.degraded.shape
        top, left = draw.integers((height - self.side + 1, width - self.side + 1))
        # Always drawn, so that the positions do not depend on whether turns are used.
        flips, turns = draw.integers(2, size=2) * self.flips, int(draw.integers(4)) * self.quarter_turns
        eighth = self.eighth_turns and bool(draw.integers(2))
        if eighth:
            lowest, highest = np.transpose([positions(n, self.side) for n in (height, width)])
            top, left = draw.integers(lowest, highest, endpoint=True)
        moved = []
        for image, factor in ((pair.degraded, 1), (pair.reference, self.scale)):
            place = int(top) * factor, int(left) * factor, self.side * factor
            moved.append(_moved(turned_patch(image, *place) if eighth else _patch(image, *place), flips, turns))
        return moved[0], moved[1]


def _name(pair: Pair) -> str:
    return f"{pair.subject}, slice {pair.index}"


def _generator(seed: int, epoch: int, step: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, epoch, step]))


def _buckets(pairs: Sequence[Pair], order: Sequence[int], size: int) -> list[list[int]]:
    """Split the order by shape, and cut each part into batches."""
    shapes: dict[tuple[int, ...], list[int]] = {}
    for index in order:
        shapes.setdefault(pairs[index].degraded.shape, []).append(index)
    return [bucket[start : start + size] for bucket in shapes.values() for start in range(0, len(bucket), size)]


def _patch(image: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """A view of the patch of [C, H, W] that begins at (top, left)."""
    return image[:, top : top + side, left : left + side]


def _moved(image: np.ndarray, flips: np.ndarray, turns: int) -> np.ndarray:
    """A view of [C, H, W], flipped along the axes named, then turned by quarters."""
    rows, columns = (slice(None, None, -1 if flip else 1) for flip in flips)
    return np.rot90(image[:, rows, columns], turns, axes=(1, 2))


def _stacked(images: Sequence[tuple[np.ndarray, np.ndarray]]) -> Batch:
    degraded, reference = zip(*images, strict=True)
    return np.stack(degraded), np.stack(reference)
