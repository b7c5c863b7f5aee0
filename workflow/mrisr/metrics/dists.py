"""DISTS: structure and texture similarity of VGG16's features (Ding et al., IEEE TPAMI 44:2567, 2022)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ._networks import WeightsFile, colours, learned_weights, network_layers, outputs, standardised

SMALLEST = 16
"""Smallest side in pixels. Four poolings by 2 leave one pixel of it."""
STAGES = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions and features of each stage of VGG16."""
ENDS = (3, 8, 15, 22, 29)
"""Positions of the last activation of each stage."""
FEATURES = (3, *(features for _, features in STAGES))
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's colours."""
STABILISER = 1e-6


class DISTS:
    """1 minus the weighted similarity of means (texture) and of covariances (structure) of features; 0 if equal.

    The image itself and the five stages of VGG16 are compared, with smooth pooling between the stages. You have to
    supply both files. Grey images are repeated to three channels. The network and the weights come from colour
    photographs, so the distance is not validated for MRI.

    Parameters
    ----------
    vgg16 : str
        Path of VGG16's state dict. torchvision publishes it as ``vgg16-397923af.pth``.
    vgg16_sha256 : str
        Beginning of that file's SHA-256, eight hexadecimal digits or more. The file is refused if it differs.
    learned : str
        Path of the learned weights. The package DISTS_pytorch 0.1 holds them as ``weights.pt``.
    learned_sha256 : str
        Beginning of that file's SHA-256.
    """

    LABEL = "DISTS"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)
    FILES = ["vgg16", "learned"]

    def __init__(
        self,
        *,
        vgg16: str | None = None,
        vgg16_sha256: str = "397923af",
        learned: str | None = None,
        learned_sha256: str = "f5e65c96",
    ):
        file = WeightsFile(vgg16, vgg16_sha256, "vgg16-397923af.pth of torchvision")
        self.layers = network_layers(_layers, file, metric="dists")
        file = WeightsFile(learned, learned_sha256, "weights.pt of the package DISTS_pytorch 0.1")
        texture, structure = learned_weights(_texture_and_structure, file, metric="dists", network="VGG16")
        total = texture.sum() + structure.sum()
        self.texture, self.structure = ((part / total).split(FEATURES) for part in (texture, structure))

    @torch.inference_mode()
    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """DISTS of float64 images of equal shape, of 1 or 3 channels and 16 x 16 pixels or more."""
        pair = (self._features(image, data_range) for image in (reference, estimate))
        similar = sum(
            (texture * _texture(a, b)).sum() + (structure * _structure(a, b)).sum()
            for texture, structure, a, b in zip(self.texture, self.structure, *pair, strict=True)
        )
        return float(1 - similar)

    def _features(self, image: np.ndarray, data_range: float) -> list[torch.Tensor]:
        """The image and the stages' outputs, each as [features, pixels]."""
        images = colours(image, data_range=data_range, smallest=SMALLEST, metric="dists")
        found = outputs(self.layers, standardised(images, MEAN, DEVIATION), ENDS)
        return [one[0].flatten(start_dim=1) for one in (images, *found)]


def _texture_and_structure(learned: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """The weights of all features, twice."""
    return [learned[name].double().reshape(sum(FEATURES)) for name in ("alpha", "beta")]


def _texture(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    a, b = first.mean(dim=1), second.mean(dim=1)
    return (2 * a * b + STABILISER) / (a**2 + b**2 + STABILISER)


def _structure(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    covariance = (first * second).mean(dim=1) - first.mean(dim=1) * second.mean(dim=1)
    variances = [one.var(dim=1, correction=0) for one in (first, second)]
    return (2 * covariance + STABILISER) / (sum(variances) + STABILISER)


class _SmoothPooling(nn.Module):
    """Root of the weighted mean of squares in 3 x 3 pixels, every second pixel (Henaff and Simoncelli, ICLR 2016)."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> half the sides."""
        row = torch.tensor([0.25, 0.5, 0.25], dtype=images.dtype)
        kernel = torch.outer(row, row).expand(images.shape[1], 1, 3, 3)
        squares = functional.conv2d(images**2, kernel, stride=2, padding=1, groups=images.shape[1])
        return (squares + 1e-12).sqrt()


def _layers() -> nn.Sequential:
    """VGG16's layers, at the positions of torchvision's ``features``."""
    layers: list[nn.Module] = []
    inputs = 3
    for number, (convolutions, features) in enumerate(STAGES):
        if number:
            layers.append(_SmoothPooling())
        for _ in range(convolutions):
            layers += [nn.Conv2d(inputs, features, 3, padding=1), nn.ReLU()]
            inputs = features
    return nn.Sequential(*layers)
