"""RRLSRN: learns the details that the enlarged image lacks, one doubling at a time (the robust-residual paper)."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn

from mrisr.errors import InputError


class RRLSRN(nn.Module):
    """A feature branch and an image branch, both enlarged by transposed convolutions and added, for each doubling.

    The paper describes one doubling and cascades it for larger scales; each doubling has its own weights here. No bias,
    LeakyReLU 0.2. With one channel at scale 2: 443,984 parameters, or 472,208 with ``lapsrn``. The paper trains with
    the losses `charbonnier` and `gradient_difference`.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids: 2, 4 or 8; channels of the images.
    features, layers : int
        Features of the feature branch, and number of its convolutions between the first one and the enlargement.
    lapsrn : bool
        The form of the public weights of LapSRN (Lai et al., CVPR 2017, arXiv 1704.03915): one convolution less before
        the enlargement, which keeps all features, and one convolution after it.
    """

    SCALES = (2, 4, 8)

    def __init__(self, *, scale: int, channels: int = 1, features: int = 64, layers: int = 12, lapsrn: bool = False):
        super().__init__()
        if features < 1 or layers < 2:
            raise InputError("rrlsrn: features must be 1 or more, and layers 2 or more")
        doublings = int(math.log2(scale))
        self.levels = nn.ModuleList(_Doubling(channels, features, layers, lapsrn) for _ in range(doublings))

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        for level in self.levels:
            degraded = level(degraded)
        return degraded


class _Doubling(nn.Module):
    """[N, C, h, w] -> [N, C, 2 h, 2 w]."""

    def __init__(self, channels: int, features: int, layers: int, lapsrn: bool):
        super().__init__()
        widths = [channels] + [features] * (layers if lapsrn else layers + 1)
        branch: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(widths):
            branch += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.LeakyReLU(0.2)]
        if lapsrn:
            branch += [_enlargement(features, features), nn.LeakyReLU(0.2)]
            branch += [nn.Conv2d(features, channels, 3, padding=1, bias=False)]
        else:
            branch.append(_enlargement(features, channels))
        self.residual = nn.Sequential(*branch)
        self.enlarge = _enlargement(channels, channels)
        with torch.no_grad():
            self.enlarge.weight.copy_(_bilinear(channels))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.enlarge(image) + self.residual(image)


def _enlargement(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)


def _bilinear(channels: int) -> torch.Tensor:
    """Weights [C, C, 4, 4] of bilinear interpolation, each channel by itself."""
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
    return torch.eye(channels)[:, :, None, None] * torch.outer(taps, taps)
