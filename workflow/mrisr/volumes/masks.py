"""Cuts a mask like the slices of its volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr.arrays import Cache, load_slices, stored_slices
from mrisr.errors import InputError
from mrisr.imaging.grid import crop_plane
from mrisr.imaging.masks import save_masks

from .readers import read_role
from .row import Volume


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    volume: Volume,
    limit_gib: float,
) -> None:
    """Cut the mask of a volume, the action of the stage `mask`.

    ``reads["slices"]`` says which slices there are. ``settings`` are those of the stage `slice`. The slices have shown
    that the mask fits its volume.
    """
    try:
        mask = read_role(volume, "mask", {**settings, "limit_gib": limit_gib})
    except InputError as error:
        raise InputError(*(f"subject '{volume.subject}': {problem}" for problem in error.problems)) from error
    _, metadata = load_slices(reads["slices"], [])
    axis, sizes = metadata["axis"], {name: settings[name] for name in ("multiple", "minimum")}
    crop, _ = crop_plane(mask.array.shape, axis, mask.affine, **sizes)
    masks = {
        index: mask.array[(*crop[:axis], index, *crop[axis:])] > 0 for index in stored_slices(reads["slices"], Cache(0))
    }
    save_masks(writes["mask"], masks, {"subject": volume.subject, "axis": axis, "identity": identity})
