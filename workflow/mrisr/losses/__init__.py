"""Training losses: one file is one loss, a torch module that maps (estimate, target) to a scalar.

Looking at the shelf does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mrisr import plugins

if TYPE_CHECKING:
    import torch


def available() -> list[str]:
    """Names of the losses."""
    return plugins.available("losses")


def build(name: str, **options: Any) -> torch.nn.Module:
    """Build a loss.

    Parameters
    ----------
    name : str
        One of `available`.
    **options
        The loss's own.

    Returns
    -------
    torch.nn.Module
        Callable (estimate, target), both [N, C, H, W] -> scalar, the mean over pixels, channels and batch; zero for a
        perfect estimate. Images are in [0, 1] (data range 1).

    Raises
    ------
    InputError
        Unknown name or option, or a value that is not allowed.
    """
    return plugins.build("losses", name, **options)
