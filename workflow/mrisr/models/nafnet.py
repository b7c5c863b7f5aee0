"""NAFNet: a large restoration network without activation functions (Chen et al., ECCV 2022, arXiv 2204.04676)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from mrisr.errors import InputError

from ._bicubic import BicubicUpsampling


class NAFNet(nn.Module):
    """A U-shaped network on the bicubically enlarged image, which is added at the end.

    The defaults are the authors' network for deblurring and denoising at width 32: 17.1 million parameters with 3
    channels. The image is padded with zeros to a multiple of 2 to the number of levels, and cropped again.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids, channels of the images.
    features : int
        Features at full resolution; each level below has twice as many.
    encoder, decoder : tuple of int
        Blocks of each level on the way down and up, both from full resolution downward.
    middle : int
        Blocks at the coarsest resolution.
    """

    SCALES = None

    def __init__(
        self,
        *,
        scale: int,
        channels: int = 1,
        features: int = 32,
        encoder: tuple[int, ...] = (1, 1, 1, 28),
        decoder: tuple[int, ...] = (1, 1, 1, 1),
        middle: int = 1,
    ):
        super().__init__()
        if len(encoder) != len(decoder) or min(features, middle, *encoder, *decoder) < 1:
            raise InputError("nafnet: encoder and decoder must have as many levels, and all numbers must be 1 or more")
        self.enlarge = BicubicUpsampling(scale)
        widths = [features * 2**level for level in range(len(encoder) + 1)]
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        self.down = nn.ModuleList(_blocks(n, c) for n, c in zip(encoder, widths, strict=False))
        self.halvings = nn.ModuleList(nn.Conv2d(c, 2 * c, 2, stride=2) for c in widths[:-1])
        self.middle = _blocks(middle, widths[-1])
        self.doublings = nn.ModuleList(_doubling(2 * c) for c in widths[:-1])
        self.up = nn.ModuleList(_blocks(n, c) for n, c in zip(decoder, widths, strict=False))
        self.last = nn.Conv2d(features, channels, 3, padding=1)

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        image = self.enlarge(degraded)
        height, width = image.shape[-2:]
        step = 2 ** len(self.down)
        features, passed = self.first(functional.pad(image, (0, -width % step, 0, -height % step))), []
        for blocks, halve in zip(self.down, self.halvings, strict=True):
            features = blocks(features)
            passed.append(features)
            features = halve(features)
        features = self.middle(features)
        for blocks, double, beside in reversed(list(zip(self.up, self.doublings, passed, strict=True))):
            features = blocks(double(features) + beside)
        return image + self.last(features)[..., :height, :width]


class _Block(nn.Module):
    """A spatial and a pixelwise part, each a residual that starts at zero. Halves are multiplied: a simple gate."""

    def __init__(self, features: int):
        super().__init__()
        self.norms = nn.ModuleList(_Norm(features) for _ in range(2))
        self.widen = nn.ModuleList(nn.Conv2d(features, 2 * features, 1) for _ in range(2))
        self.spatial = nn.Conv2d(2 * features, 2 * features, 3, padding=1, groups=2 * features)
        self.attention = nn.Conv2d(features, features, 1)
        self.project = nn.ModuleList(nn.Conv2d(features, features, 1) for _ in range(2))
        self.strength = nn.ParameterList(torch.zeros(1, features, 1, 1) for _ in range(2))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        gated = _gate(self.spatial(self.widen[0](self.norms[0](features))))
        gated = gated * self.attention(gated.mean(dim=(2, 3), keepdim=True))
        features = features + self.strength[0] * self.project[0](gated)
        gated = _gate(self.widen[1](self.norms[1](features)))
        return features + self.strength[1] * self.project[1](gated)


class _Norm(nn.LayerNorm):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, features: int):
        super().__init__(features, eps=1e-6)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return super().forward(features.movedim(1, -1)).movedim(-1, 1)


def _gate(features: torch.Tensor) -> torch.Tensor:
    first, second = features.chunk(2, dim=1)
    return first * second


def _blocks(number: int, features: int) -> nn.Sequential:
    return nn.Sequential(*(_Block(features) for _ in range(number)))


def _doubling(features: int) -> nn.Sequential:
    """[N, 2 C, h, w] -> [N, C, 2 h, 2 w]."""
    return nn.Sequential(nn.Conv2d(features, 2 * features, 1, bias=False), nn.PixelShuffle(2))
