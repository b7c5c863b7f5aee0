"""The receptive field of a network, measured by a gradient."""

from __future__ import annotations

import copy

import torch
from torch import nn

LENGTHS = (64, 256, 1024)
"""Lengths in pixels of the strips that are tried, until the field ends inside one."""
WIDTH = 8
"""Width in pixels of a strip. A field is as long in a strip as in an image, and a strip has few pixels."""
SLOPE = 0.2
"""Slope below zero that a ReLU is given. A ReLU that happens to be zero would hide pixels."""


def receptive_field(model: nn.Module, channels: int) -> int | None:
    """Side of the square of input pixels that the estimate of one input pixel depends on.

    The estimate of one input pixel is a pixel, or scale x scale pixels. It lies in the middle of a long strip, once
    along the rows and once along the columns. The larger length counts. Weights are random: a field is a property of
    the architecture, and trained or initial weights may be too small to show it.

    Parameters
    ----------
    model : torch.nn.Module
        [N, C, h, w] -> [N, C, scale * h, scale * w], on the CPU. It is not changed.
    channels : int
        C.

    Returns
    -------
    int or None
        Pixels of the input; None if the field is longer than the longest strip, as with a mean over the image.
    """
    probed = _probed(model)
    found = [_length(probed, channels, along_rows) for along_rows in (True, False)]
    return None if None in found else max(found)


def _probed(model: nn.Module) -> nn.Module:
    """A copy in double precision and evaluation mode, whose weights keep gradients far from the smallest numbers."""
    probed, draw = copy.deepcopy(model).double().eval(), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in probed.parameters():
            noise = torch.randn(parameter.shape, generator=draw, dtype=parameter.dtype)
            if parameter.ndim > 1:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)
            else:
                parameter += 0.1 * noise
    for module in list(probed.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.LeakyReLU(SLOPE))
    return probed.requires_grad_(False)


def _length(model: nn.Module, channels: int, along_rows: bool) -> int | None:
    for length in LENGTHS:
        shape = (length, WIDTH) if along_rows else (WIDTH, length)
        draw = torch.Generator().manual_seed(length)
        strip = torch.rand(1, channels, *shape, generator=draw, dtype=torch.float64).requires_grad_()
        estimate = model(strip)
        scale = estimate.shape[-1] // shape[1]
        middle = tuple(slice(side // 2 * scale, (side // 2 + 1) * scale) for side in shape)
        part = estimate[(..., *middle)]
        (part * torch.randn(part.shape, generator=draw, dtype=part.dtype)).sum().backward()
        seen = strip.grad.abs().sum(dim=(0, 1, 3 if along_rows else 2)).nonzero().flatten()
        first, last = int(seen.min()), int(seen.max())
        if first > 0 and last < length - 1:
            return last - first + 1
    return None
