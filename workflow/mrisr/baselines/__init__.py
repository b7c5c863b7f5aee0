"""Baselines: estimates that nobody trained, the floor of every table. One file is one baseline.

A baseline is a class with the constant ``GRIDS``: the protocols under which it is the floor.
"""

from __future__ import annotations

from typing import Any

from mrisr import plugins
from mrisr.errors import InputError


def available() -> list[str]:
    """Names of the baselines, sorted."""
    return plugins.available("baselines")


def build(name: str, *, scale: int, **options: Any):
    """Make a baseline by name.

    Parameters
    ----------
    name : str
        One of `available()`.
    scale : int
        Factor between the grids, at least 1; 1 where the degraded image lives on the high-resolution grid.
    **options
        The baseline's own options.

    Returns
    -------
    callable(images)
        float32 [h, w], [C, h, w] or [N, C, h, w] in, the same rank with axes scale times as long out; not clipped.

    Raises
    ------
    InputError
        Unknown name or option, or a scale that the baseline does not have.
    """
    plugins.require("baselines", name)
    if isinstance(scale, bool) or not isinstance(scale, int) or scale < 1:
        raise InputError(f"baselines: scale must be an integer of at least 1, not {scale!r}")
    return plugins.build("baselines", name, scale=scale, **options)
