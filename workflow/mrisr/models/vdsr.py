"""VDSR: twenty convolutions learn the details that the input lacks (Kim et al., CVPR 2016, arXiv 1511.04587)."""

from __future__ import annotations

import itertools

import torch
from torch import nn

from mrisr.errors import InputError

from ._bicubic import BicubicUpsampling


class VDSR(nn.Module):
    """3 x 3 convolutions with ReLU between them on the bicubically enlarged image, which is added at the end.

    No bias: 667,008 parameters with 3 channels, as the efficient-sr paper counts. The paper trains with clipped
    gradients; see ``training.gradient_clipping``.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids, channels of the images.
    features, layers : int
        Features of all layers but the last; number of convolutions, 3 or more.
    """

    SCALES = None

    def __init__(self, *, scale: int, channels: int = 1, features: int = 64, layers: int = 20):
        super().__init__()
        if features < 1 or layers < 3:
            raise InputError("vdsr: features must be 1 or more, and layers 3 or more")
        self.enlarge = BicubicUpsampling(scale)
        widths = [channels, *[features] * (layers - 1), channels]
        convolutions = [nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in itertools.pairwise(widths)]
        for convolution in convolutions:
            nn.init.kaiming_normal_(convolution.weight)
        activated = [layer for convolution in convolutions[:-1] for layer in (convolution, nn.ReLU(inplace=True))]
        self.layers = nn.Sequential(*activated, convolutions[-1])

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        enlarged = self.enlarge(degraded)
        return enlarged + self.layers(enlarged)
