"""Turns slices the way radiologists expect them, by the affine of their volume."""

from __future__ import annotations

from collections.abc import Sequence

import nibabel
import numpy as np

SUPERIOR, ANTERIOR = 2, 1
"""World axes that may point up. The first one that lies in a slice is taken."""


def orient(image: np.ndarray, affine: Sequence[Sequence[float]] | None, axis: int) -> np.ndarray:
    """Turn a slice: superior (in axial slices anterior) is up, the patient's right (or anterior) is on the left.

    Parameters
    ----------
    image : ndarray
        [..., H, W]; H and W are the volume's axes other than ``axis``, in their order.
    affine : 4x4, or None
        Maps voxels to millimetres, right-anterior-superior. With None the image is left as it is.
    axis : int
        The volume's axis along which it was sliced.

    Returns
    -------
    ndarray
        The image with its last two axes flipped or swapped; no pixel is interpolated.
    """
    if affine is None:
        return image
    swapped, flips = _turn(affine, axis)
    turned = np.flip(image, [number - 2 for number, flip in enumerate(flips) if flip])
    return turned.swapaxes(-2, -1) if swapped else turned


def pixel_aspect(affine: Sequence[Sequence[float]] | None, axis: int) -> float:
    """Height of a pixel divided by its width, in the slice as `orient` turns it."""
    if affine is None:
        return 1.0
    sizes = np.delete(nibabel.affines.voxel_sizes(np.asarray(affine, float)), axis)
    height, width = sizes[::-1] if _turn(affine, axis)[0] else sizes
    return float(height / width)


def _turn(affine: Sequence[Sequence[float]], axis: int) -> tuple[bool, list[bool]]:
    """Whether the axes are swapped, and which of them are flipped before that.

    Rows count downwards and columns to the right, so an axis is flipped if it runs toward superior, anterior or the
    patient's right.
    """
    world, direction = np.delete(nibabel.io_orientation(np.asarray(affine, float)), axis, axis=0).T
    up = SUPERIOR if SUPERIOR in world else ANTERIOR
    return bool(world[1] == up), [bool(d > 0) for d in direction]
