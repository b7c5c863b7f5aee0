"""Training losses: one file is one loss, a torch module that maps (estimate, target) to a scalar.

Listing the shelf does not import torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mrisr import plugins

if TYPE_CHECKING:
    import torch


def available() -> list[str]:
    """Names of the losses."""
    return plugins.available("losses")


def build(name: str, *, channels: int = 1, **options: Any) -> torch.nn.Module:
    """Build a loss.

    Parameters
    ----------
    name : str
        One of `available`.
    channels : int
        Channels of the images. Only a loss that has a network needs them.
    **options
        The loss's own options.

    Returns
    -------
    torch.nn.Module
        Maps (estimate, target), both [N, C, H, W] in [0, 1], to a scalar: the mean over pixels, channels and batch. It
        is smallest for a perfect estimate.

    Raises
    ------
    InputError
        Unknown name or option, or a value that is not allowed.
    """
    return from_description({"kind": name, "options": options}, channels=channels)


def from_description(description: str | Mapping[str, Any], *, channels: int = 1) -> torch.nn.Module:
    """Build a loss from its name or ``{"kind": name, "options": {option: value}}``; the rest is as in `build`."""
    return plugins.build_part("losses", description, channels=channels)
