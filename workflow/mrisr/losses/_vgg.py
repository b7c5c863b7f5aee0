"""VGG19's convolutions (Simonyan and Zisserman, ICLR 2015), with weights from a file that the user gives."""

from __future__ import annotations

import torch
from torch import nn

from mrisr.errors import InputError
from mrisr.published import read_state

STAGES = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""Convolutions and features of each stage; a stage ends in a pooling by 2."""


def layers_to(stage: int, convolution: int, *, activated: bool) -> nn.Sequential:
    """VGG19's layers up to one convolution, counted from 1, with or without its ReLU.

    The layers have the same positions as in torchvision's ``features``, so the weights have the same names.
    """
    layers: list[nn.Module] = []
    inputs = 3
    for number, (convolutions, features) in enumerate(STAGES, 1):
        for index in range(1, convolutions + 1):
            layers.append(nn.Conv2d(inputs, features, 3, padding=1))
            inputs = features
            if (number, index) == (stage, convolution):
                return nn.Sequential(*layers, *([nn.ReLU()] if activated else []))
            layers.append(nn.ReLU())
        layers.append(nn.MaxPool2d(2))
    raise InputError(f"losses: VGG19 has no convolution {stage}_{convolution}")


def read_weights(path: str, sha256: str) -> dict[str, torch.Tensor]:
    """The weights of ``features`` from a state dict, ``.pth`` or ``.safetensors``. Names lose the prefix ``features.``.

    Raises
    ------
    InputError
        The file is missing, is no state dict, or its SHA-256 does not begin with ``sha256``.
    """
    what, source = "VGG19's weights", "vgg19-dcbb9e9d.pth of torchvision"
    state = read_state(path, sha256, where="losses", what=what, source=source)
    known = {n.removeprefix("features."): t for n, t in state.items() if n.startswith("features.")}
    if not known:
        raise InputError(f"losses: {path} holds no weights of VGG19 (no name begins with features.)")
    return known
