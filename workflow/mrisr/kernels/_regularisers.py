"""The five regularisers of the kernels, and the schedule of their weights, separate for every slice.

They are those of equation 3 of the realistic-downsampling paper, in the form of KernelGAN (Bell-Kligler et al. 2019).
The weights printed in the paper fit that form.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch

from mrisr.imaging.kernel import SIZE

CENTRE = SIZE / 2
"""Right index of the centre of mass at scale 2: the centre of a 2 x 2 block is half a pixel beside a pixel's centre."""
PERIPHERY = 30.0
"""Greatest weight of the mask of `boundaries`."""
FREE = 9
"""Number of central taps per axis where the mask is zero."""
POWER = 0.2
TINY = 1e-12
"""Taps below this magnitude are not pulled to zero, because the slope of |k|^0.2 has no bound there."""
IN_A_ROW = 3


@dataclass(frozen=True)
class Regularisation:
    """Weights of the regularisers, and when they change. These are options of `mrisr.kernels.dsgan.DSGAN`."""

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
    """Mean magnitude of the taps, [N]; the weight grows with the distance from the centre, up to 30."""
    return (kernels * _periphery(kernels.device, kernels.dtype)).abs().mean((1, 2))


def sparse(kernels: torch.Tensor) -> torch.Tensor:
    """Mean of |k|^0.2, [N]."""
    return kernels.abs().clamp_min(TINY).pow(POWER).mean((1, 2))


def centre(kernels: torch.Tensor) -> torch.Tensor:
    """Squared distance of the centre of mass from (6.5, 6.5), mean over the axes, [N]."""
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
    """Weights of the regularisers during the training of N slices; each slice follows its own schedule.

    The bicubic weight begins to decay when the bicubic loss was below the gate three times in a row. When the weight is
    small, the centre and sparsity terms are added.

    Attributes
    ----------
    bicubic : Tensor
        Present weight of the bicubic loss, [N].
    below : Tensor
        How many times in a row the bicubic loss was below the gate, [N]. At three the counting stops.
    """

    def __init__(self, weights: Regularisation, count: int, device: torch.device):
        self.weights = weights
        self.bicubic = torch.full((count,), weights.bicubic, device=device)
        self.below = torch.zeros(count, dtype=torch.int64, device=device)

    def total(self, bicubic_loss: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
        """Weighted sum of the regularisers, float64 [N]; ``bicubic_loss`` is [N]."""
        always = self.weights.sum_to_one * sum_to_one(kernels) + self.weights.boundaries * boundaries(kernels)
        # Double precision: vector code treats the last taps of a batch differently, so their last bits would differ.
        kernels, constrained = kernels.double(), self.constrained()
        # Unconstrained slices get a dummy kernel of ones: a zero sum would give NaN.
        judged = torch.where(constrained[:, None, None], kernels, 1)
        late = self.weights.centre * centre(judged) + self.weights.sparse * sparse(judged)
        return self.bicubic * bicubic_loss + always + constrained * late

    def constrained(self) -> torch.Tensor:
        """Which slices have the centre and sparsity terms, [N]."""
        return self.bicubic < self.weights.constrain_below

    def advance(self, bicubic_loss: torch.Tensor, iterations: int) -> None:
        """Update the schedule with the losses [N] of iteration number ``iterations``."""
        opened = self.below == IN_A_ROW
        if iterations % self.weights.decay_every == 0:
            self.bicubic = torch.where(opened, self.bicubic * self.weights.decay, self.bicubic)
        counted = torch.where(bicubic_loss < self.weights.gate, self.below + 1, 0)
        self.below = torch.where(opened, self.below, counted)
