"""Four convolutions: the discriminator of the plain GAN, the first attempt of the perceptual-gan paper."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError

LAYERS = 4


class Plain(nn.Module):
    """4 x 4 convolutions of stride 2 with LeakyReLU 0.2; the mean of the last map is the logit.

    The paper gives only the number of convolutions. Sizes and strides are a choice, after DCGAN (Radford et al., ICLR
    2016, arXiv 1511.06434).

    Parameters
    ----------
    channels : int
        Channels of the images.
    features : int
        Features of the first convolution; each further one has twice as many.
    batch_norm : bool
        Normalise after the second and third convolution, as the paper's second try does.
    """

    def __init__(self, *, channels: int = 1, features: int = 32, batch_norm: bool = False):
        super().__init__()
        if features < 1:
            raise InputError(f"discriminator plain: features must be 1 or more, not {features}")
        layers: list[nn.Module] = [nn.Conv2d(channels, features, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for index in range(LAYERS - 2):
            inputs = features * 2**index
            layers += [nn.Conv2d(inputs, 2 * inputs, 4, stride=2, padding=1)]
            layers += [nn.BatchNorm2d(2 * inputs)] if batch_norm else []
            layers += [nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(features * 2 ** (LAYERS - 2), 1, 3, padding=1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, 1]; `InputError` below 8 x 8 pixels."""
        if min(images.shape[-2:]) < 8:
            height, width = images.shape[-2:]
            raise InputError(f"discriminator plain: needs 8 x 8 pixels or more, got {height} x {width}")
        return self.layers(images).mean(dim=(2, 3))
