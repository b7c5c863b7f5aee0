"""Discriminators for adversarial training: one file is one network that tells references from estimates.

Listing the shelf does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mrisr import plugins

if TYPE_CHECKING:
    import torch


def available() -> list[str]:
    """Names of the discriminators."""
    return plugins.available("discriminators")


def build(name: str, *, channels: int = 1, **options: Any) -> torch.nn.Module:
    """Build a discriminator with fresh weights, drawn from torch's global generator.

    Parameters
    ----------
    name : str
        One of `available`.
    channels : int
        Channels of the images.
    **options
        The discriminator's own options.

    Returns
    -------
    torch.nn.Module
        [N, C, H, W] -> logits [N, 1]; images in [0, 1]. A positive logit says "reference".

    Raises
    ------
    InputError
        Unknown name or option, or a value that is not allowed.
    """
    return plugins.build("discriminators", name, channels=channels, **options)
