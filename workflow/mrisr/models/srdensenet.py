"""SRDenseNet as in Shrestha et al., "On training model bias ..." (2023), after Tong et al., ICCV 2017."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError

from ._bicubic import BicubicUpsampling


class SRDenseNet(nn.Module):
    """Dense blocks, every block reading all features before it; bottleneck; reconstruction with tanh.

    The defaults give 48,501 parameters, as in the public code of the paper's lead author; ``fully_dense`` 116,001.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids (the input is first enlarged by bicubic interpolation), channels of the images.
    features : int
        Features of the first convolution.
    blocks : int
        Dense blocks.
    layers : int
        Convolutions of each block.
    growth : int
        Features that each convolution adds.
    bottleneck : int
        Features after the 1x1 convolution.
    fully_dense : bool
        True: every layer of a block also reads the block's input, as the paper says. False: only its first layer does,
        as in the public code.
    skip : bool
        Learn the difference to the (enlarged) input. Short trainings then suffice. Not in the paper.
    """

    SCALES = None

    def __init__(
        self,
        *,
        scale: int,
        channels: int = 1,
        features: int = 25,
        blocks: int = 5,
        layers: int = 5,
        growth: int = 5,
        bottleneck: int = 125,
        fully_dense: bool = False,
        skip: bool = False,
    ):
        super().__init__()
        if min(features, blocks, layers, growth, bottleneck) < 1:
            raise InputError("srdensenet: features, blocks, layers, growth and bottleneck must be 1 or more")
        self.enlarge = BicubicUpsampling(scale)
        self.skip = skip
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        widths = [features + block * layers * growth for block in range(blocks + 1)]
        self.blocks = nn.ModuleList(_DenseBlock(width, layers, growth, fully_dense) for width in widths[:-1])
        self.bottleneck = nn.Conv2d(widths[-1], bottleneck, 1)
        self.reconstruction = nn.Conv2d(bottleneck, channels, 3, padding=1)
        self.activation = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        image = self.enlarge(degraded)
        features = self.activation(self.first(image))
        for block in self.blocks:
            features = torch.cat([features, block(features)], dim=1)
        features = self.activation(self.bottleneck(features))
        estimate = torch.tanh(self.reconstruction(features))
        return image + estimate if self.skip else estimate


class _DenseBlock(nn.Module):
    """Convolutions, each reading the features made so far in the block; gives ``layers * growth`` features."""

    def __init__(self, width: int, layers: int, growth: int, fully_dense: bool):
        super().__init__()
        self.fully_dense = fully_dense
        read = [width + made * growth if fully_dense or not made else made * growth for made in range(layers)]
        self.layers = nn.ModuleList(nn.Conv2d(inputs, growth, 3, padding=1) for inputs in read)
        self.activation = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        made: list[torch.Tensor] = []
        for layer in self.layers:
            read = [features, *made] if self.fully_dense or not made else made
            made.append(self.activation(layer(torch.cat(read, dim=1))))
        return torch.cat(made, dim=1)
