"""SRCNN: patch extraction, non-linear mapping, reconstruction (Dong et al., TPAMI 38:295, 2016, arXiv 1501.00092)."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError

from ._bicubic import BicubicUpsampling


class SRCNN(nn.Module):
    """Convolutions with ReLU between them; 9-5-5 with 64 and 32 features has 57,281 parameters.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids (the input is first enlarged by bicubic interpolation), channels of the images.
    features : list of int
        Features of each convolution except the last.
    kernels : list of int
        Side of each convolution's kernel in pixels, odd. The border is padded with zeros.
    skip : bool
        Learn the difference to the (enlarged) input. Short trainings then suffice. Not in the paper.
    """

    SCALES = None

    def __init__(
        self,
        *,
        scale: int,
        channels: int = 1,
        features: tuple[int, ...] = (64, 32),
        kernels: tuple[int, ...] = (9, 5, 5),
        skip: bool = False,
    ):
        super().__init__()
        if len(kernels) != len(features) + 1:
            raise InputError(f"srcnn: {len(features)} features need {len(features) + 1} kernels, got {len(kernels)}")
        if min(features, default=1) < 1 or min(kernels) < 1 or any(side % 2 == 0 for side in kernels):
            raise InputError(f"srcnn: features {list(features)} must be positive, kernels {list(kernels)} odd")
        self.enlarge = BicubicUpsampling(scale)
        self.skip = skip
        widths = [channels, *features, channels]
        layers: list[nn.Module] = []
        for narrow, wide, side in zip(widths, widths[1:], kernels, strict=False):
            layers += [nn.Conv2d(narrow, wide, side, padding=side // 2), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        image = self.enlarge(degraded)
        estimate = self.layers(image)
        return image + estimate if self.skip else estimate
