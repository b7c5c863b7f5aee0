"""SwinIR, the light one: attention within shifted windows (Liang et al., ICCVW 2021, arXiv 2108.10257)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from mrisr.errors import InputError

from ._windows import WindowAttention

MLP_RATIO = 2
DEVIATION = 0.02
"""Standard deviation of the initial weights of linear layers."""


class SwinIR(nn.Module):
    """Groups of Swin transformer layers, each group inside a residual, and one convolution with pixel shuffle.

    The defaults are the authors' light network: 910,152 parameters with 3 channels at scale 2. The image is
    mirrored at its lower and right edge to whole windows, and cropped again. Images are in [0, 1], so no mean is
    subtracted.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids, channels of the images.
    features : int
        Features of the trunk, a multiple of ``heads``.
    depths : tuple of int
        Transformer layers of each group; every second one shifts its windows.
    heads : int
        Attention heads of a layer.
    window : int
        Side of a window, pixels of the coarse grid.
    """

    SCALES = (1, 2, 3, 4)

    def __init__(
        self,
        *,
        scale: int,
        channels: int = 1,
        features: int = 60,
        depths: tuple[int, ...] = (6, 6, 6, 6),
        heads: int = 6,
        window: int = 8,
    ):
        super().__init__()
        if min(features, heads, *depths, window - 1) < 1 or features % heads:
            raise InputError(
                "swinir: features must be a multiple of heads, window 2 or more, and heads and depths 1 or more"
            )
        self.window = window
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        self.first_norm = nn.LayerNorm(features)
        self.groups = nn.ModuleList(_Group(features, depth, heads, window) for depth in depths)
        self.last_norm = nn.LayerNorm(features)
        self.trunk_end = nn.Conv2d(features, features, 3, padding=1)
        self.last = nn.Sequential(nn.Conv2d(features, channels * scale**2, 3, padding=1), nn.PixelShuffle(scale))
        self.scale = scale
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=DEVIATION)
                nn.init.zeros_(module.bias)

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        height, width = degraded.shape[-2:]
        shallow = self.first(_mirrored(degraded, -height % self.window, -width % self.window))
        deep = self.first_norm(shallow.movedim(1, -1))
        for group in self.groups:
            deep = group(deep)
        deep = self.trunk_end(self.last_norm(deep).movedim(-1, 1)) + shallow
        return self.last(deep)[..., : height * self.scale, : width * self.scale]


class _Group(nn.Module):
    """Transformer layers and a convolution inside one residual: [N, H, W, C] -> the same."""

    def __init__(self, features: int, depth: int, heads: int, window: int):
        super().__init__()
        self.layers = nn.Sequential(
            *(_Layer(features, heads, window, shift=window // 2 if index % 2 else 0) for index in range(depth))
        )
        self.convolution = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.convolution(self.layers(features).movedim(-1, 1)).movedim(1, -1)


class _Layer(nn.Module):
    """Attention within windows, then a perceptron of each pixel, both in residuals: [N, H, W, C] -> the same."""

    def __init__(self, features: int, heads: int, window: int, shift: int):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(features) for _ in range(2))
        self.attention = WindowAttention(features, heads, window, shift)
        self.perceptron = nn.Sequential(
            nn.Linear(features, MLP_RATIO * features), nn.GELU(), nn.Linear(MLP_RATIO * features, features)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        features = features + self.attention(self.norms[0](features))
        return features + self.perceptron(self.norms[1](features))


def _mirrored(image: torch.Tensor, below: int, right: int) -> torch.Tensor:
    """Mirror the image at its lower and right edge, repeatedly if it is smaller than the added part."""
    while below or right:
        down, side = min(below, image.shape[-2] - 1), min(right, image.shape[-1] - 1)
        if min(image.shape[-2:]) < 2:
            return functional.pad(image, (0, right, 0, below), mode="replicate")
        image = functional.pad(image, (0, side, 0, down), mode="reflect")
        below, right = below - down, right - side
    return image
