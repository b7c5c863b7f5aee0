"""Super-resolution networks: one file is one architecture.

An architecture is a class with the keyword options ``scale`` and ``channels`` beside its own, and the constant
``SCALES``: the scales it can be built for, None for all. Listing the shelf does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mrisr import plugins
from mrisr.errors import InputError

if TYPE_CHECKING:
    import torch


def available() -> list[str]:
    """Names of the architectures."""
    return plugins.available("models")


def build(name: str, *, scale: int, channels: int = 1, **options: Any) -> torch.nn.Module:
    """Build an architecture with fresh weights, drawn from torch's global generator.

    Parameters
    ----------
    name : str
        One of `available`.
    scale : int
        Factor between the two grids. It is 1 if degraded and reference images share a grid.
    channels : int
        Channels of the images.
    **options
        The architecture's own options.

    Returns
    -------
    torch.nn.Module
        [N, C, h, w] -> [N, C, scale * h, scale * w]; images in [0, 1], the output is not clamped.

    Raises
    ------
    InputError
        Unknown name or option, a value that is not allowed, or a scale that the architecture does not have.
    """
    require_scale(name, scale)
    if channels < 1:
        raise InputError(f"models: '{name}' cannot have {channels} channels (allowed: 1 or more)")
    return plugins.build("models", name, scale=scale, channels=channels, **options)


def require_scale(name: str, scale: int) -> None:
    """Raise `InputError` unless the architecture exists and has this scale."""
    scales = plugins.describe("models", name).constants.get("SCALES")
    if scale < 1 or (scales is not None and scale not in scales):
        allowed = "1 or more" if scales is None else ", ".join(map(str, scales))
        raise InputError(f"models: '{name}' has no scale {scale} (allowed: {allowed})")
