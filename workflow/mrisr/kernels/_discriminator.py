"""The patch discriminators of many GANs at once: does a 7 x 7 patch come from the low-resolution scan?

The image and its two Sobel maps pass a 7 x 7 convolution, five 1 x 1 convolutions with batch normalisation and ReLU,
and a last one with a sigmoid. All weights are divided by their spectral norm (Miyato et al. 2018). A discriminator sees
one crop at a time, so batch normalisation is over the positions of a crop.

Three identities make it fast without changing the result. The Sobel maps (edges repeated) and the first two
convolutions are linear with nothing between them, so together they are one 9 x 9 convolution. The other layers are
products of 64 x 64 matrices with all positions. A bias before a batch normalisation cancels, so it is left out.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from ._generator import FEATURES, glorot_normal, windows
from ._products import multiply, row_times, times_column

PATCH = 7
LAYERS = 5
"""Number of 1 x 1 convolutions followed by batch normalisation."""
FILTERS = np.array(
    [
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    ],
    np.float32,
)
"""The image itself and the Sobel maps (equation 1 of the realistic-downsampling paper)."""

Tensors = dict[str, torch.Tensor]


def initial_weights(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights of one discriminator, 30,977 in all, float32; initial distributions as in KernelGAN.

    ``cancelling`` are the biases before batch normalisations.
    """
    return {
        "first": glorot_normal(random, (FEATURES, len(FILTERS), PATCH, PATCH)),
        "hidden": np.stack([glorot_normal(random, (FEATURES, FEATURES, 1, 1))[..., 0, 0] for _ in range(LAYERS)]),
        "last": glorot_normal(random, (1, FEATURES, 1, 1))[..., 0, 0],
        "bias": np.zeros((1, 1), np.float32),
        "cancelling": np.zeros((1 + LAYERS, FEATURES), np.float32),
        "gamma": 1 + random.standard_normal((LAYERS, FEATURES), np.float32) * np.float32(0.02),
        "beta": np.zeros((LAYERS, FEATURES), np.float32),
    }


def initial_directions(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Unit vectors from which the power iterations for the spectral norms of ``first`` and ``hidden`` start."""
    directions = {"first": (FEATURES,), "hidden": (LAYERS, FEATURES)}
    drawn = {name: random.standard_normal(shape, np.float32) for name, shape in directions.items()}
    return {name: vectors / np.linalg.norm(vectors, axis=-1, keepdims=True) for name, vectors in drawn.items()}


class Normalised(NamedTuple):
    """Discriminators ready for images: weights divided by their spectral norms, the first two layers composed."""

    edges: torch.Tensor
    hidden: torch.Tensor
    last: torch.Tensor
    bias: torch.Tensor
    gamma: torch.Tensor
    beta: torch.Tensor

    def detached(self) -> Normalised:
        """A copy that passes no gradient back to the weights."""
        return Normalised(*(tensor.detach() for tensor in self))


def normalise(weights: Tensors, directions: Tensors) -> tuple[Normalised, Tensors]:
    """Divide stacked weights by their spectral norms, after one power iteration; also returns its new directions."""
    count = len(weights["first"])
    first, first_direction = _over_spectral_norm(weights["first"].reshape(count, FEATURES, -1), directions["first"])
    hidden, hidden_direction = _over_spectral_norm(weights["hidden"], directions["hidden"])
    # The norm of a single row needs no iteration.
    last = weights["last"] / torch.linalg.vector_norm(weights["last"], dim=-1, keepdim=True)
    placements = _placements(first.device, first.dtype).expand(count, -1, -1)
    edges = multiply(multiply(hidden[:, 0], first), placements)
    normalised = Normalised(edges, hidden[:, 1:], last, weights["bias"], weights["gamma"], weights["beta"])
    return normalised, {"first": first_direction, "hidden": hidden_direction}


def realism(discriminators: Normalised, images: torch.Tensor) -> torch.Tensor:
    """Probability that a patch is real, float64 [N, M, (side - 6)^2], for M images each: [N, M, side, side].

    Batch normalisation treats every image as if the discriminator saw it alone.
    """
    count, each = images.shape[:2]
    features = multiply(discriminators.edges, windows(_with_edges_repeated(images), PATCH + 2))
    for layer in range(LAYERS):
        if layer:
            features = multiply(discriminators.hidden[:, layer - 1], features)
        gamma, beta = (
            values[:, layer, :, None].expand(-1, -1, each).reshape(-1)
            for values in (discriminators.gamma, discriminators.beta)
        )
        # One group for each pair of feature and image. This normalises over the positions alone, as batch
        # normalisation of a single image does.
        flat = features.view(1, count * FEATURES * each, -1)
        normalised = functional.group_norm(flat, count * FEATURES * each, gamma, beta)
        features = functional.relu(normalised, inplace=True).view_as(features)
    scores = row_times(discriminators.last, features[:, None]) + discriminators.bias
    # Double precision: vector code treats the last pixels of a batch differently, so their last bits would differ.
    return torch.sigmoid(scores.double()).view(count, each, -1)


def _with_edges_repeated(images: torch.Tensor) -> torch.Tensor:
    """Pad [N, M, H, W] by one pixel on each side. Torch's replication padding has no deterministic gradient on CUDA."""
    for axis in (2, 3):
        images = torch.cat([images.narrow(axis, 0, 1), images, images.narrow(axis, -1, 1)], axis)
    return images


def _over_spectral_norm(weights: torch.Tensor, direction: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Matrices W [..., out, in] divided by u^T W v, after one power iteration of the unit vectors u and v; and u."""
    with torch.no_grad():
        v = functional.normalize(row_times(direction, weights), dim=-1)
        u = functional.normalize(times_column(weights, v), dim=-1)
    norm = (row_times(u, weights) * v).sum(-1)
    return weights / norm[..., None, None], u


@functools.cache
def _placements(device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """The matrix [3 * 49, 81] from taps on the image and its Sobel maps to taps on the image."""
    placed = np.zeros((len(FILTERS), PATCH, PATCH, PATCH + 2, PATCH + 2), np.float32)
    for row in range(PATCH):
        for column in range(PATCH):
            placed[:, row, column, row : row + 3, column : column + 3] = FILTERS
    return torch.from_numpy(placed.reshape(len(FILTERS) * PATCH**2, (PATCH + 2) ** 2)).to(device, dtype)
