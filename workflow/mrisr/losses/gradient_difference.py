"""Gradient difference loss: compares the strength of edges (Mathieu et al., ICLR 2016; the robust-residual paper)."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError


class GradientDifference(nn.Module):
    """Mean of (|gradient of the estimate| - |gradient of the target|)^2, rows and columns added.

    A gradient is the difference of neighbouring pixels. Its sign does not count, so an inverted image has the loss 0.
    Combine this loss with another one (see `sum`).
    """

    def __init__(self):
        super().__init__()

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] twice -> scalar; `InputError` if a side has one pixel only."""
        if min(estimate.shape[-2:]) < 2:
            raise InputError("losses: gradient_difference needs images of 2 x 2 pixels or more")
        return sum((estimate.diff(dim=axis).abs() - target.diff(dim=axis).abs()).square().mean() for axis in (-2, -1))
