"""EDSR: residual blocks without batch normalisation, pixel shuffle (Lim et al., CVPRW 2017, arXiv 1707.02921)."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError

from ._bicubic import BicubicUpsampling


class EDSR(nn.Module):
    """Residual blocks on the coarse grid inside one long residual, then convolutions with pixel shuffle.

    The defaults are the authors' baseline, which the realistic-downsampling paper trains: 1,367,553 parameters at scale
    2, 1,219,841 at scale 1 (no upsampler). Images are in [0, 1], so there is no subtraction of a data set's mean.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids (scale 4 is two doublings), channels of the images.
    features : int
        Features of the trunk (the authors' large model has 256).
    blocks : int
        Residual blocks (the authors' large model has 32).
    residual_scale : float
        Factor of every block's residual (the authors' large model: 0.1).
    skip : bool
        Learn the difference to the bicubically enlarged input. Short trainings then suffice. Not in the paper.
    """

    SCALES = (1, 2, 3, 4)

    def __init__(
        self,
        *,
        scale: int,
        channels: int = 1,
        features: int = 64,
        blocks: int = 16,
        residual_scale: float = 1.0,
        skip: bool = False,
    ):
        super().__init__()
        if min(features, blocks) < 1:
            raise InputError("edsr: features and blocks must be 1 or more")
        if not residual_scale > 0:
            raise InputError(f"edsr: residual_scale must be positive, not {residual_scale!r}")
        self.skip = skip
        self.enlarge = BicubicUpsampling(scale)
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        self.trunk = nn.Sequential(*(_ResidualBlock(features, residual_scale) for _ in range(blocks)))
        self.trunk_end = nn.Conv2d(features, features, 3, padding=1)
        steps = {1: [], 2: [2], 3: [3], 4: [2, 2]}[scale]
        self.upsampler = nn.Sequential(*(_Upsampling(features, step) for step in steps))
        self.last = nn.Conv2d(features, channels, 3, padding=1)

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        shallow = self.first(degraded)
        deep = shallow + self.trunk_end(self.trunk(shallow))
        estimate = self.last(self.upsampler(deep))
        return self.enlarge(degraded) + estimate if self.skip else estimate


class _ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution inside one scaled residual; nothing after the sum."""

    def __init__(self, features: int, residual_scale: float):
        super().__init__()
        self.residual_scale = residual_scale
        self.layers = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(features, features, 3, padding=1),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.residual_scale * self.layers(features)


class _Upsampling(nn.Sequential):
    """A convolution to step x step features for each feature, then pixel shuffle."""

    def __init__(self, features: int, step: int):
        super().__init__(nn.Conv2d(features, features * step**2, 3, padding=1), nn.PixelShuffle(step))
