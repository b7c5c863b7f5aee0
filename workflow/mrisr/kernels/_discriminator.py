"""The patch discriminators of many GANs at once: does a 7 x 7 patch come from the low-resolution scan?

The image and its two Sobel maps pass a 7 x 7 convolution, five 1 x 1 convolutions with batch normalisation and ReLU,
and a last one to a sigmoid; all weights are divided by their spectral norm (Miyato et al. 2018). A discriminator sees
one crop at a time, so batch normalisation is over the positions of a crop.

Three identities make it fast without changing what it computes: the Sobel maps (edges repeated) are linear, as are the
first two convolutions, with nothing between them, so all of these are one 9 x 9 convolution; what is left are matrix
products of 64 x 64 with all positions; and a bias ahead of a batch normalisation cancels, so it is left out.
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
"""1 x 1 convolutions that a batch normalisation follows."""
FILTERS = np.array(
    [
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    ],
    np.float32,
)
"""The image itself and the Sobel maps (equation 1 of the realistic-downsampling paper)."""

Weights = dict[str, torch.Tensor]


def initial_weights(random: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights of one discriminator, 30,977 in all, float32; initial distributions as in KernelGAN.

    ``cancelling`` are the biases ahead of batch normalisations.
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
    """Where the power iterations for the spectral norms of ``first`` and ``hidden`` start: unit vectors."""
    directions = {"first": (FEATURES,), "hidden": (LAYERS, FEATURES)}
    drawn = {name: random.standard_normal(shape, np.float32) for name, shape in directions.items()}
    return {name: vectors / np.linalg.norm(vectors, axis=-1, keepdims=True) for name, vectors in drawn.items()}


class Normalised(NamedTuple):
    """Discriminators ready to look at images: weights over their spectral norms, the first two layers composed."""

    edges: torch.Tensor
    hidden: torch.Tensor
    last: torch.Tensor
    bias: torch.Tensor
    gamma: torch.Tensor
    beta: torch.Tensor

    def detached(self) -> Normalised:
        """The same without a way back to the weights."""
        return Normalised(*(tensor.detach() for tensor in self))


def normalise(weights: Weights, directions: Weights) -> tuple[Normalised, Weights]:
    """Divide stacked weights by their spectral norms; one power iteration, whose directions are returned."""
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

    Every image is normalised by itself, as if the discriminator saw it alone.
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
        # A group for each pair of feature and image: normalisation over the positions alone, as batch normalisation of
        # a single image does it.
        flat = features.view(1, count * FEATURES * each, -1)
        normalised = functional.group_norm(flat, count * FEATURES * each, gamma, beta)
        features = functional.relu(normalised, inplace=True).view_as(features)
    scores = row_times(discriminators.last, features[:, None]) + discriminators.bias
    # In single precision the last pixels of a batch, left over by vector code, differ in the last bit.
    return torch.sigmoid(scores.double()).view(count, each, -1)


def _with_edges_repeated(images: torch.Tensor) -> torch.Tensor:
    """One pixel more on each side of [N, M, H, W]; replication padding has no deterministic gradient on CUDA."""
    for axis in (2, 3):
        images = torch.cat([images.narrow(axis, 0, 1), images, images.narrow(axis, -1, 1)], axis)
    return images


def _over_spectral_norm(weights: torch.Tensor, direction: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Matrices W [..., out, in] over u^T W v, after one power iteration of the unit vectors u, v; and u [..., out]."""
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
