"""Mean absolute error."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class L1(nn.Module):
    """mean |estimate - target|."""

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] twice -> scalar."""
        return functional.l1_loss(estimate, target)
