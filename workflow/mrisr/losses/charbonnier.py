"""Charbonnier loss: an absolute error that is smooth at zero (Charbonnier et al., ICIP 1994; LapSRN, CVPR 2017)."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError


class Charbonnier(nn.Module):
    """Mean of sqrt(d^2 + epsilon^2) over pixels, channels and batch, with d = estimate - target.

    A perfect estimate has the loss ``epsilon``.

    Parameters
    ----------
    epsilon : float
        Below this error the loss is quadratic, above it linear; for images in [0, 1].
    """

    OF_A_PERFECT_ESTIMATE = 1e-3

    def __init__(self, *, epsilon: float = 1e-3):
        super().__init__()
        if not epsilon > 0:
            raise InputError(f"losses: charbonnier's epsilon must be positive, got {epsilon}")
        self.epsilon = epsilon

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] twice -> scalar."""
        return ((estimate - target).square() + self.epsilon**2).sqrt().mean()
