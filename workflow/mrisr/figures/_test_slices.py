"""Test slices that a picture shows, and how they are turned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.arrays import load_slices
from mrisr.imaging.orientation import orient, pixel_aspect
from mrisr.pairs import Pair, read_pairs

from ._shown import chosen_slice


def subject_pairs(files: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Pair]:
    """The slices of the settings' ``subject`` in a test set; ``files`` are arguments of `mrisr.pairs.read_pairs`."""
    return [pair for pair in read_pairs(**files) if pair.subject == settings["subject"]]


def shown_pair(files: Mapping[str, Any], settings: Mapping[str, Any]) -> Pair:
    """The chosen one of these slices, with its values."""
    pairs = {pair.index: pair for pair in subject_pairs(files, settings)}
    return pairs[chosen_slice(pairs, settings)].loaded()


@dataclass(frozen=True)
class View:
    """Turns the slices of a file as radiologists look at them."""

    affine: Any
    axis: int

    @classmethod
    def of(cls, path: str | Path) -> View:
        """The view of a slices file."""
        _, metadata = load_slices(path, [])
        return cls(metadata["affine"], metadata["axis"])

    @property
    def aspect(self) -> float:
        """Height of a pixel divided by its width, after turning."""
        return pixel_aspect(self.affine, self.axis)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """A slice [C, H, W], turned."""
        return orient(image, self.affine, self.axis)
