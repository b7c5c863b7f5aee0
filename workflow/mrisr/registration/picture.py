"""Checkerboards of a scan and its reference, before and after registration, for checking it by eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .register import Registered

PERCENTILE = 99.5
"""Percentile of a slice's values that is shown as white."""


@dataclass(frozen=True)
class Checkerboards:
    """Two images [H, W] in [0, 1] whose tiles show the low- and the high-resolution scan in turn.

    ``displaced`` [H, W]: length of the displacement in plane, mm.
    """

    before: np.ndarray
    after: np.ndarray
    displaced: np.ndarray


def checkerboards(registered: Registered, *, axis: int, index: int, tiles: int = 8) -> Checkerboards:
    """The picture data of one slice.

    Parameters
    ----------
    registered : Registered
    axis, index : int
        Stored axis along which slices are cut, and index of the slice.
    tiles : int
        Number of tiles along each side.
    """
    before, after, reference = (
        _shown(volume.array.take(index, axis)) for volume in (registered.before, registered.scan, registered.reference)
    )
    rows, columns = (np.arange(n) * tiles // n for n in reference.shape)
    of_scan = (rows[:, None] + columns) % 2 == 0
    through = registered.reference.affine[:3, axis] / registered.reference.spacing[axis]
    moved = registered.displacement.take(index, axis).astype(np.float64)
    in_plane = moved - (moved @ through)[..., None] * through
    return Checkerboards(
        before=np.where(of_scan, before, reference),
        after=np.where(of_scan, after, reference),
        displaced=np.linalg.norm(in_plane, axis=-1),
    )


def _shown(image: np.ndarray) -> np.ndarray:
    lowest, highest = image.min(), np.percentile(image, PERCENTILE)
    return ((image - lowest) / max(highest - lowest, np.finfo(np.float32).tiny)).clip(0, 1)
