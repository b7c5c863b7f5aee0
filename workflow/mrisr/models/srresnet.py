"""SRResNet, which is also SRGAN's generator (Ledig et al., CVPR 2017, arXiv 1609.04802)."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError


class SRResNet(nn.Module):
    """Residual blocks with batch normalisation on the coarse grid, then convolutions with pixel shuffle.

    With one channel and 16 blocks at scale 2: 1,381,011 parameters. The efficient-sr paper's SRGAN has 5 blocks:
    734,219 parameters with 3 channels at scale 4. To train it as SRGAN, take the loss `adversarial`.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids (scale 4 is two doublings), channels of the images.
    features, blocks : int
        Features of the trunk, number of residual blocks.
    """

    SCALES = (1, 2, 3, 4)

    def __init__(self, *, scale: int, channels: int = 1, features: int = 64, blocks: int = 16):
        super().__init__()
        if min(features, blocks) < 1:
            raise InputError("srresnet: features and blocks must be 1 or more")
        self.first = nn.Sequential(nn.Conv2d(channels, features, 9, padding=4), nn.PReLU())
        self.trunk = nn.Sequential(*(_ResidualBlock(features) for _ in range(blocks)))
        self.trunk_end = nn.Sequential(nn.Conv2d(features, features, 3, padding=1), nn.BatchNorm2d(features))
        steps = {1: [], 2: [2], 3: [3], 4: [2, 2]}[scale]
        self.upsampler = nn.Sequential(*(_upsampling(features, step) for step in steps))
        self.last = nn.Conv2d(features, channels, 9, padding=4)

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        shallow = self.first(degraded)
        return self.last(self.upsampler(shallow + self.trunk_end(self.trunk(shallow))))


class _ResidualBlock(nn.Module):
    """Convolution, batch norm, PReLU, convolution, batch norm inside one residual."""

    def __init__(self, features: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(features, features, 3, padding=1),
            nn.BatchNorm2d(features),
            nn.PReLU(),
            nn.Conv2d(features, features, 3, padding=1),
            nn.BatchNorm2d(features),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.layers(features)


def _upsampling(features: int, step: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(features, features * step**2, 3, padding=1), nn.PixelShuffle(step), nn.PReLU())
