"""Baselines: estimates without training. Every table compares models with them. One file is one baseline.

A baseline is a class with the constant ``GRIDS``: the values of ``protocol.grid`` for which it can be used.
One that gets the high-resolution slice in place of the degraded one declares ``SEES_REFERENCE = True``.
"""

from __future__ import annotations

from typing import Any, Literal

from mrisr import plugins
from mrisr.errors import require_integer


def available() -> list[str]:
    """Names of the baselines, sorted."""
    return plugins.available("baselines")


def build(name: str, *, scale: int, grid: Literal["same", "low"] = "low", **options: Any):
    """Make a baseline by name.

    Parameters
    ----------
    name : str
        One of `available()`.
    scale : int
        Factor of the degradation, at least 1.
    grid : {"same", "low"}
        The grid of the degraded image: ``same`` is the high-resolution grid; pixels of ``low`` are ``scale`` times as
        long.
    **options
        The baseline's own options.

    Returns
    -------
    callable(images)
        Maps float32 [h, w], [C, h, w] or [N, C, h, w] to the same rank on the high-resolution grid. Values are not
        clipped.

    Raises
    ------
    InputError
        Unknown name or option, or a scale that the baseline does not have.
    """
    plugins.require("baselines", name)
    require_integer("baselines: scale", scale, at_least=1)
    if "grid" in plugins.describe("baselines", name).options:
        return plugins.build("baselines", name, scale=scale, grid=grid, **options)
    return plugins.build("baselines", name, scale=scale if grid == "low" else 1, **options)
