"""Multiply-accumulates of a network."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

SIDE = 48
"""Side in pixels of the input on which they are counted: a multiple of every window and stride of the library."""


def multiply_accumulates(model: torch.nn.Module, channels: int) -> float:
    """Multiply-accumulates for one pixel of the estimate, over all channels.

    Convolutions and matrix products count. Activations, normalisations and biases do not, and neither does the bicubic
    enlargement of an input, which has no weights.

    Parameters
    ----------
    model : torch.nn.Module
        [N, C, h, w] -> [N, C, scale * h, scale * w], on the CPU.
    channels : int
        C.
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        estimate = model(torch.zeros(1, channels, SIDE, SIDE))
    counted = counter.get_flop_counts()
    root = type(model).__name__
    weightless = [
        f"{root}.{name}"
        for name, module in model.named_modules()
        if name and not any(True for _ in module.parameters())
    ]
    left_out = sum(sum(counted[name].values()) for name in weightless if name in counted)
    return (sum(counted["Global"].values()) - left_out) / 2 / estimate[0, 0].numel()
