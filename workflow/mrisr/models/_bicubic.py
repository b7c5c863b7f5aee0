"""Bicubic enlargement inside a network, by the same matrices as the degradations (Keys a = -0.5, mirrored border)."""

from __future__ import annotations

import functools

import torch
from torch import nn

from mrisr.imaging.resampling import resampling_matrix


class BicubicUpsampling(nn.Module):
    """[N, C, h, w] -> [N, C, scale * h, scale * w] without parameters; pixel centres stay where they are."""

    def __init__(self, scale: int):
        super().__init__()
        self.scale = scale

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if self.scale == 1:
            return image
        rows, columns = (_matrix(side, self.scale, image.dtype, image.device) for side in image.shape[-2:])
        return rows @ image @ columns.mT


@functools.lru_cache(maxsize=64)
def _matrix(side: int, scale: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return torch.tensor(resampling_matrix(side, side * scale), dtype=dtype, device=device)
