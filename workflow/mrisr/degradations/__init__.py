"""Degradations: how a low-resolution image is simulated from a high-resolution slice. One file is one degradation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr import plugins
from mrisr.errors import InputError, require_integer, suggestion
from mrisr.imaging.shifting import Shifted

GRIDS = ("same", "low")


def available() -> list[str]:
    """Names of the degradations, sorted."""
    return plugins.available("degradations")


def build(name: str, *, scale: int, grid: str, shift: float = 0.0, **options: Any):
    """Make a degradation by name.

    Parameters
    ----------
    name : str
        One of `available()`.
    scale : int
        Down-sampling factor, at least 1; at least 2 on the low grid.
    grid : {"same", "low"}
        ``same`` keeps the H x W grid of the slice; ``low`` gives H/scale x W/scale, the pixel centres at the centres of
        the slice's scale-by-scale blocks.
    shift : float
        Displacement of the degraded image along both axes, pixels of the slice; towards higher indices if positive.
        A number other than 0 simulates a misaligned pair of images, see `mrisr.imaging.shifting`.
    **options
        The degradation's own options.

    Returns
    -------
    callable(images, *, slice_ids=None)
        float32 [H, W], [C, H, W] or [N, C, H, W] in, the same rank out. Values are not clipped.

    Raises
    ------
    InputError
        Unknown name or option, a bad value, or an impossible pair of scale and grid.
    """
    plugins.require("degradations", name)
    if grid not in GRIDS:
        raise InputError(f"degradations: there is no grid '{grid}' ({suggestion(grid, GRIDS)})")
    lowest = 2 if grid == "low" else 1
    require_integer(f"degradations: on the {grid} grid scale", scale, at_least=lowest)
    operator = plugins.build("degradations", name, scale=scale, grid=grid, **options)
    return Shifted(operator, shift, scale=scale, grid=grid) if shift else operator


def from_description(description: str | Mapping[str, Any], *, scale: int, grid: str):
    """Make a degradation from a name or ``{kind: gaussian, options: {sigma: 1.5}}``; the rest is as in `build`."""
    kind, options = plugins.kind_and_options(description)
    return build(kind, scale=scale, grid=grid, **options)
