"""Perceptual loss: distance of VGG19's features (Johnson et al., ECCV 2016; Ledig et al., CVPR 2017)."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError

from ._vgg import layers_to, read_weights

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's colours. The network was trained on images normalised by them."""
SMALLEST = 16
"""Smallest side of an image in pixels. Four poolings by 2 leave one pixel of it."""


class Perceptual(nn.Module):
    """Mean squared difference of VGG19's features of estimate and target.

    You have to supply the weights; torchvision publishes them as ``vgg19-dcbb9e9d.pth``. Grey images are repeated to
    three channels. The normalisation is that of natural colour images, so it does not suit three MRI contrasts.

    Parameters
    ----------
    weights : str
        Path of VGG19's state dict, ``.pth`` or ``.safetensors``.
    sha256 : str
        Beginning of the file's SHA-256, eight hexadecimal digits or more. The file is refused if it differs.
    stage, convolution : int
        The convolution whose features are compared; 5 and 4 as in the perceptual-gan paper.
    activated : bool
        Features after the ReLU (SRGAN) or before it (ESRGAN).
    """

    FILES = ["weights"]

    def __init__(
        self,
        *,
        weights: str,
        sha256: str = "dcbb9e9d",
        stage: int = 5,
        convolution: int = 4,
        activated: bool = True,
    ):
        super().__init__()
        self.layers = layers_to(stage, convolution, activated=activated)
        known = read_weights(weights, sha256)
        wanted = self.layers.state_dict()
        try:
            self.layers.load_state_dict({name: known[name] for name in wanted})
        except (KeyError, RuntimeError) as error:
            raise InputError(f"losses: {weights} does not hold VGG19's weights ({error})") from error
        self.layers.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] twice, C = 1 or 3 -> scalar; `InputError` for other channels, or below 16 x 16 pixels."""
        channels, height, width = estimate.shape[1:]
        if channels not in (1, 3):
            raise InputError(f"losses: perceptual takes images of 1 or 3 channels, got {channels}")
        if min(height, width) < SMALLEST:
            raise InputError(f"losses: perceptual needs images of 16 x 16 pixels or more, got {height} x {width}")
        with torch.no_grad():
            wanted = self._features(target)
        return (self._features(estimate) - wanted).square().mean()

    def _features(self, images: torch.Tensor) -> torch.Tensor:
        colours = images.expand(-1, 3, -1, -1)
        return self.layers((colours - self.mean) / self.deviation)
