"""LPIPS: learned distance of AlexNet's features (Zhang et al., CVPR 2018), version 0.1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from ._networks import WeightsFile, colours, learned_weights, network_layers, outputs, standardised

SMALLEST = 31
"""Smallest side in pixels. Smaller images leave nothing after two poolings."""
COMPARED = (1, 4, 7, 9, 11)
"""Positions of the five activations."""
FEATURES = (64, 192, 384, 256, 256)
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Applied to images in [-1, 1]: ImageNet's colour statistics in the authors' form."""
TINY = 1e-10


class LPIPS:
    """Weighted squared difference of normalised features, averaged over places and added over layers; 0 if equal.

    You have to supply both files. Grey images are repeated to three channels. The network and the weights come from
    colour photographs, so the distance is not validated for MRI.

    Parameters
    ----------
    alexnet : str
        Path of AlexNet's state dict. torchvision publishes it as ``alexnet-owt-7be5be79.pth``.
    alexnet_sha256 : str
        Beginning of that file's SHA-256, eight hexadecimal digits or more. The file is refused if it differs.
    learned : str
        Path of the learned weights. The package lpips 0.1.4 holds them as ``lpips/weights/v0.1/alex.pth``.
    learned_sha256 : str
        Beginning of that file's SHA-256.
    """

    LABEL = "LPIPS"
    HIGHER_IS_BETTER = False
    RANGE = (0.0, None)
    FILES = ["alexnet", "learned"]

    def __init__(
        self,
        *,
        alexnet: str | None = None,
        alexnet_sha256: str = "7be5be79",
        learned: str | None = None,
        learned_sha256: str = "df73285e",
    ):
        file = WeightsFile(alexnet, alexnet_sha256, "alexnet-owt-7be5be79.pth of torchvision")
        self.layers = network_layers(_layers, file, metric="lpips")
        file = WeightsFile(learned, learned_sha256, "lpips/weights/v0.1/alex.pth of the package lpips 0.1.4")
        self.weights = learned_weights(_of_layers, file, metric="lpips", network="AlexNet")

    @torch.inference_mode()
    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """LPIPS of float64 images of equal shape, of 1 or 3 channels and 31 x 31 pixels or more."""
        pair = (self._features(image, data_range) for image in (reference, estimate))
        compared = zip(self.weights, *pair, strict=True)
        return float(sum((weight * (a - b) ** 2).sum(dim=1).mean() for weight, a, b in compared))

    def _features(self, image: np.ndarray, data_range: float) -> list[torch.Tensor]:
        images = 2 * colours(image, data_range=data_range, smallest=SMALLEST, metric="lpips") - 1
        found = outputs(self.layers, standardised(images, SHIFT, SCALE), COMPARED)
        return [f / (f.square().sum(dim=1, keepdim=True).sqrt() + TINY) for f in found]


def _of_layers(learned: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """The weights of each compared layer, [1, features, 1, 1]."""
    found = [learned[f"lin{layer}.model.1.weight"] for layer in range(len(FEATURES))]
    return [weights.double().reshape(1, n, 1, 1) for weights, n in zip(found, FEATURES, strict=True)]


def _layers() -> nn.Sequential:
    """AlexNet's convolutions (Krizhevsky, arXiv 1404.5997), at the positions of torchvision's ``features``."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
    )
