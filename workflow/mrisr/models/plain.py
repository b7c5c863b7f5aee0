"""Four convolutions: the generator of the plain GAN, the first attempt of the perceptual-gan paper."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError

from ._bicubic import BicubicUpsampling

LAYERS = 4


class Plain(nn.Module):
    """3 x 3 convolutions with ReLU on the bicubically enlarged image, without a residual.

    The paper gives only the number of convolutions; sizes and features are a choice. Trained with the loss
    `adversarial` without content, this is the GAN that collapses in the paper.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids, channels of the images.
    features : int
        Features of all layers but the last.
    batch_norm : bool
        Normalise between the layers, as the paper's second try does.
    """

    SCALES = None

    def __init__(self, *, scale: int, channels: int = 1, features: int = 64, batch_norm: bool = False):
        super().__init__()
        if features < 1:
            raise InputError("plain: features must be 1 or more")
        self.enlarge = BicubicUpsampling(scale)
        layers: list[nn.Module] = []
        for index in range(LAYERS - 1):
            layers.append(nn.Conv2d(features if index else channels, features, 3, padding=1))
            layers += [nn.BatchNorm2d(features)] if batch_norm else []
            layers.append(nn.ReLU())
        self.layers = nn.Sequential(*layers, nn.Conv2d(features, channels, 3, padding=1))

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        return self.layers(self.enlarge(degraded))
