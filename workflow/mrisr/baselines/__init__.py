"""Baselines: estimates without training. Every table compares models with them. One file is one baseline.

A baseline is a class with the constant ``GRIDS``: the values of ``protocol.grid`` for which it can be used.
"""

from __future__ import annotations

from typing import Any

from mrisr import plugins
from mrisr.errors import require_integer


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
        Factor between the grids, at least 1. It is 1 if the degraded image is on the high-resolution grid.
    **options
        The baseline's own options.

    Returns
    -------
    callable(images)
        Maps float32 [h, w], [C, h, w] or [N, C, h, w] to the same rank with h and w ``scale`` times as large. Values
        are not clipped.

    Raises
    ------
    InputError
        Unknown name or option, or a scale that the baseline does not have.
    """
    plugins.require("baselines", name)
    require_integer("baselines: scale", scale, at_least=1)
    return plugins.build("baselines", name, scale=scale, **options)
