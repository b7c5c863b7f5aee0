"""SRGAN's discriminator: eight convolutions from 64 to 512 features (Ledig et al., CVPR 2017, arXiv 1609.04802)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from mrisr.errors import InputError

REDUCTION = 16
"""Four of the convolutions have stride 2."""


class SRGAN(nn.Module):
    """3 x 3 convolutions with batch normalisation and LeakyReLU 0.2, every second one of stride 2, and a head.

    The dense head is the paper's: 23,565,505 parameters with 3 channels on 96 x 96 pixels. It takes images of one size
    only. The pooled head averages over the image first and takes any size: 5,215,425 parameters with 3 channels.

    Parameters
    ----------
    channels : int
        Channels of the images.
    head : {"dense", "pooled"}
        How the features become one number.
    side : int
        Side of the images for the dense head, pixels; a multiple of 16.
    features : int
        Features of the first convolution; the last has eight times as many.
    """

    def __init__(
        self, *, channels: int = 1, head: Literal["dense", "pooled"] = "dense", side: int = 96, features: int = 64
    ):
        super().__init__()
        if features < 1:
            raise InputError(f"discriminator srgan: features must be 1 or more, not {features}")
        if side < REDUCTION or side % REDUCTION:
            raise InputError(f"discriminator srgan: side must be a multiple of {REDUCTION}, not {side}")
        self.side = side if head == "dense" else None
        layers = [nn.Conv2d(channels, features, 3, padding=1), nn.LeakyReLU(0.2)]
        layers += _block(features, features, stride=2)
        for factor in (1, 2, 4):
            layers += _block(factor * features, 2 * factor * features, stride=1)
            layers += _block(2 * factor * features, 2 * factor * features, stride=2)
        self.features = nn.Sequential(*layers)
        inner = 8 * features * (side // REDUCTION) ** 2 if head == "dense" else 8 * features
        pool = [] if head == "dense" else [nn.AdaptiveAvgPool2d(1)]
        self.head = nn.Sequential(
            *pool, nn.Flatten(), nn.Linear(inner, 16 * features), nn.LeakyReLU(0.2), nn.Linear(16 * features, 1)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, 1]; `InputError` if the dense head is given another size than its own."""
        height, width = images.shape[-2:]
        if self.side is not None and (height, width) != (self.side, self.side):
            raise InputError(
                f"discriminator srgan: its dense head takes {self.side} x {self.side} pixels, got {height} x {width}; "
                f"set training.patch to {self.side}, or head to pooled"
            )
        if min(height, width) < REDUCTION:
            raise InputError(f"discriminator srgan: needs {REDUCTION} x {REDUCTION} pixels, got {height} x {width}")
        return self.head(self.features(images))


def _block(inputs: int, outputs: int, *, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
