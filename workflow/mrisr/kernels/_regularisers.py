"""The five regularisers of the kernels and, for every slice on its own, the schedule of their weights.

After equation 3 of the realistic-downsampling paper, in the form of KernelGAN (Bell-Kligler et al. 2019), for which the
printed weights were chosen.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch

from mrisr.imaging.kernel import SIZE

CENTRE = SIZE / 2
"""Index where the centre of mass belongs at scale 2: the centre of a 2 x 2 block is half a pixel off a pixel's."""
PERIPHERY = 30.0
"""Greatest weight of the mask."""
FREE = 9
"""Central taps an axis that the mask leaves alone."""
POWER = 0.2
TINY = 1e-12
"""Below this magnitude a tap is not pulled to zero any more: the slope of |k|^0.2 has no bound there."""
IN_A_ROW = 3


@dataclass(frozen=True)
class Weights:
    """Weights of the regularisers and when they change; the options of `mrisr.kernels.dsgan.DSGAN`."""

    bicubic: float
    sum_to_one: float
    boundaries: float
    centre: float
    sparse: float
    gate: float
    decay: float
    decay_every: int
    constrain_below: float


def sum_to_one(kernels: torch.Tensor) -> torch.Tensor:
    """|1 - sum|, [N]."""
    return (1 - kernels.sum((1, 2))).abs()


def boundaries(kernels: torch.Tensor) -> torch.Tensor:
    """Mean magnitude of the taps, those far from the centre weighted up to 30, [N]."""
    return (kernels * _periphery(kernels.device, kernels.dtype)).abs().mean((1, 2))


def sparse(kernels: torch.Tensor) -> torch.Tensor:
    """Mean of |k|^0.2, [N]."""
    return kernels.abs().clamp_min(TINY).pow(POWER).mean((1, 2))


def centre(kernels: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of the centre of mass to (6.5, 6.5) along the axes, [N]."""
    return (centre_of_mass(kernels) - CENTRE).square().mean(1)


def centre_of_mass(kernels: torch.Tensor) -> torch.Tensor:
    """Row and column index of the centre of mass of kernels [N, 13, 13], [N, 2]."""
    index = torch.arange(SIZE, device=kernels.device, dtype=kernels.dtype)
    moments = torch.stack([kernels.sum(2) @ index, kernels.sum(1) @ index], 1)
    return moments / kernels.sum((1, 2))[:, None]


@functools.cache
def _periphery(device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """One minus a Gaussian of sigma 13 with its peak at 1, times 30; zero in the central 9 x 9."""
    offset = np.arange(SIZE) - SIZE // 2
    mask = PERIPHERY * (1 - np.exp(-np.add.outer(offset**2, offset**2) / (2 * SIZE**2)))
    mask[np.maximum.outer(abs(offset), abs(offset)) <= FREE // 2] = 0
    return torch.from_numpy(mask).to(device, dtype)


class Schedule:
    """Weights of the regularisers over the iterations of N slices, each at its own pace.

    The bicubic weight decays once the bicubic loss has been below the gate three times in a row; when it is small,
    centre and sparsity come in.

    Attributes
    ----------
    bicubic : Tensor
        Present weight of the bicubic loss, [N].
    below : Tensor
        How many times in a row the bicubic loss was below the gate, up to three and then no longer counted, [N].
    """

    def __init__(self, weights: Weights, count: int, device: torch.device):
        self.weights = weights
        self.bicubic = torch.full((count,), weights.bicubic, device=device)
        self.below = torch.zeros(count, dtype=torch.int64, device=device)

    def total(self, bicubic_loss: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
        """Weighted sum of the regularisers, float64 [N]; ``bicubic_loss`` is [N]."""
        always = self.weights.sum_to_one * sum_to_one(kernels) + self.weights.boundaries * boundaries(kernels)
        # In single precision the powers of the last taps of a batch, left over by vector code, differ in the last bit.
        kernels, constrained = kernels.double(), self.constrained()
        # In place of the others a kernel of ones: the centre of mass of one that sums to nothing is not a number.
        judged = torch.where(constrained[:, None, None], kernels, 1)
        late = self.weights.centre * centre(judged) + self.weights.sparse * sparse(judged)
        return self.bicubic * bicubic_loss + always + constrained * late

    def constrained(self) -> torch.Tensor:
        """Which slices have the centre and sparsity terms, [N]."""
        return self.bicubic < self.weights.constrain_below

    def advance(self, bicubic_loss: torch.Tensor, iterations: int) -> None:
        """Take note of the losses [N] of an iteration, the ``iterations``-th."""
        opened = self.below == IN_A_ROW
        if iterations % self.weights.decay_every == 0:
            self.bicubic = torch.where(opened, self.bicubic * self.weights.decay, self.bicubic)
        counted = torch.where(bicubic_loss < self.weights.gate, self.below + 1, 0)
        self.below = torch.where(opened, self.below, counted)
