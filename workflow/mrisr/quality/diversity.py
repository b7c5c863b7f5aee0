"""Mode collapse: how much outputs differ from each other, relative to how much the references do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mrisr.errors import InputError


class Diversity(NamedTuple):
    """How outputs differ between slices.

    ``ratio`` is the root mean squared distance between two outputs, divided by that between two references: 1 as
    diverse, 0 the same output for every slice. ``agreement`` is the correlation of the deviations of outputs and
    references from their means over slices: 1 outputs differ as the references do, 0 their differences have nothing to
    do with the input. It is NaN if all outputs are equal. A collapsed generator has a low ratio, or a low agreement if
    it varies its output at random. ``kept``, their product, is low in both cases. It is the share of the references'
    differences that the outputs have: the slope of the line of least squares through both deviations.
    """

    ratio: float
    agreement: float

    @property
    def kept(self) -> float:
        """Slope of the outputs' deviations over those of the references; 0 if all outputs are equal."""
        return 0.0 if self.ratio == 0 else self.ratio * self.agreement


def diversity(references: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Diversity:
    """`Diversity` of the outputs for several slices. The measure is our own; the papers only look at pictures.

    Parameters
    ----------
    references, outputs : sequence of ndarray
        Slices [H, W] or [C, H, W] of one shape, in the same order. The measure has no unit, so any range will do.

    Raises
    ------
    InputError
        Fewer than two slices, or references that are all equal.
    """
    if len(references) < 2 or len(references) != len(outputs):
        raise InputError(f"diversity: needs two slices or more, each with an output, got {len(references)}")
    real, made = (np.stack([np.asarray(image, np.float64) for image in images]) for images in (references, outputs))
    real, made = _centred(real), _centred(made)
    spread, own = float(np.sum(real**2)), float(np.sum(made**2))
    if spread == 0:
        raise InputError("diversity: all references are equal; give slices that differ")
    agreement = float(np.sum(real * made)) / np.sqrt(spread * own) if own > 0 else np.nan
    return Diversity(float(np.sqrt(own / spread)), float(agreement))


def _centred(images: np.ndarray) -> np.ndarray:
    """Deviations from the mean image. They are exactly 0 if all images are equal."""
    shifted = images - images[0]
    return shifted - shifted.mean(axis=0)
