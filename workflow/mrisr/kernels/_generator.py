"""The linear generators of many GANs at once, each composed into one kernel.

Six convolutions without bias, activation or padding are one cross-correlation with 7 + 5 + 3 - 2 = 13 taps per axis.
Input and output have one channel, so the layers are composed from the output side: a vector of 64 is multiplied by one
layer after the other. That takes 1.1 million multiply-accumulates; running the layers on a 64 x 64 crop takes 430
million.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

from ._products import multiply, row_times

FEATURES = 64
SHAPES = (
    (FEATURES, 1, 7, 7),
    (FEATURES, FEATURES, 5, 5),
    (FEATURES, FEATURES, 3, 3),
    (FEATURES, FEATURES, 1, 1),
    (FEATURES, FEATURES, 1, 1),
    (1, FEATURES, 1, 1),
)
"""Weights of the layers: output features, input features, taps, taps; 150,656 in all."""
GAIN = 0.1
"""Gain of the initial weights, which are normal after Glorot and Bengio (2010), as in KernelGAN."""


def initial_weights(random: np.random.Generator) -> list[np.ndarray]:
    """Initial weights of one generator, float32, with the shapes `SHAPES`."""
    return [glorot_normal(random, shape) for shape in SHAPES]


def glorot_normal(random: np.random.Generator, shape: Sequence[int]) -> np.ndarray:
    """Normal weights [out, in, taps, taps] of variance GAIN^2 * 2 / (fan in + fan out)."""
    fans = (shape[0] + shape[1]) * shape[2] * shape[3]
    return random.standard_normal(shape, np.float32) * np.float32(GAIN * (2 / fans) ** 0.5)


def compose(weights: Sequence[torch.Tensor]) -> torch.Tensor:
    """Compose generators of stacked weights [N, *shape] into kernels [N, 13, 13].

    A generator's output is the cross-correlation of its input with the kernel (no flip).
    """
    kernel = weights[-1]
    for layer in reversed(weights[:-1]):
        kernel = _before(layer, kernel)
    return kernel[:, 0, 0]


def _before(layer: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """The kernel [N, 1, in, s + t - 1, s + t - 1] of a layer [N, out, in, t, t] followed by a kernel [N, 1, out, s, s].

    This is a full convolution: products of taps at the same total offset are summed.
    """
    count, outputs, inputs, taps, _ = layer.shape
    size = kernel.shape[-1]
    taps_after, taps_here = kernel.reshape(count, outputs, size**2), layer.reshape(count, outputs, inputs * taps**2)
    if size == 1:
        products = row_times(taps_after[:, :, 0], taps_here)[:, None]
    else:
        products = multiply(taps_after.transpose(1, 2), taps_here)
    summed = functional.fold(products.transpose(1, 2), size + taps - 1, taps)
    return summed[:, None]


def windows(images: torch.Tensor, size: int, stride: int = 1) -> torch.Tensor:
    """All windows of square images [N, M, side, side] as columns [N, size^2, M * positions]."""
    views = images.unfold(2, size, stride).unfold(3, size, stride)
    return views.permute(0, 4, 5, 1, 2, 3).reshape(len(images), size**2, -1)
