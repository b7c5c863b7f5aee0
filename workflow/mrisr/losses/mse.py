"""Mean squared error."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class MSE(nn.Module):
    """mean (estimate - target)^2."""

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] twice -> scalar."""
        return functional.mse_loss(estimate, target)
