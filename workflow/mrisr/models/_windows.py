"""Self-attention within windows, with a bias for each relative position (Liu et al., ICCV 2021, arXiv 2103.14030)."""

from __future__ import annotations

import functools

import torch
from torch import nn
from torch.nn import functional

BLOCKED = -100.0
"""Added to the attention between pixels that are neighbours only because of the shift."""
DEVIATION = 0.02


class WindowAttention(nn.Module):
    """Multi-head attention of each pixel to the pixels of its window: [N, H, W, C] -> the same.

    Parameters
    ----------
    features, heads : int
        Features C, a multiple of the heads.
    window, shift : int
        Side of a window, which divides H and W; number of pixels by which the image is first rolled up and left.
    """

    def __init__(self, features: int, heads: int, window: int, shift: int):
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.all = nn.Linear(features, 3 * features)
        self.project = nn.Linear(features, features)
        self.position_bias = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        nn.init.trunc_normal_(self.position_bias, std=DEVIATION)
        self.register_buffer("positions", _relative_positions(window), persistent=False)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Attend within each window: features [N, H, W, C] -> the same. H and W are multiples of the window."""
        count, height, width, channels = features.shape
        side, shift = self.window, self.shift
        if shift:
            features = features.roll((-shift, -shift), dims=(1, 2))
        cut = features.view(count, height // side, side, width // side, side, channels)
        windows = cut.transpose(2, 3).reshape(-1, side * side, channels)
        attended = self._attend(windows, height, width)
        pasted = attended.view(count, height // side, width // side, side, side, channels).transpose(2, 3)
        features = pasted.reshape(count, height, width, channels)
        return features.roll((shift, shift), dims=(1, 2)) if shift else features

    def _attend(self, windows: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """[windows of all images, pixels, C] -> the same."""
        number, pixels, channels = windows.shape
        parts = self.all(windows).view(number, pixels, 3, self.heads, channels // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        bias = self.position_bias[self.positions].view(pixels, pixels, self.heads).permute(2, 0, 1)[None]
        if self.shift:
            blocked = _blocked(height, width, self.window, self.shift, bias.dtype, bias.device)
            bias = bias + blocked.repeat(number // len(blocked), 1, 1)[:, None]
        scores = query @ key.mT * (channels // self.heads) ** -0.5 + bias
        mixed = functional.softmax(scores, dim=-1) @ value
        return self.project(mixed.transpose(1, 2).reshape(number, pixels, channels))


def _relative_positions(window: int) -> torch.Tensor:
    """Which entry of the table of biases each pair of pixels takes, [pixels * pixels]."""
    rows, columns = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()])
    offsets = places[:, :, None] - places[:, None] + window - 1
    return (offsets[0] * (2 * window - 1) + offsets[1]).flatten()


@functools.lru_cache(maxsize=64)
def _blocked(
    height: int, width: int, window: int, shift: int, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """[windows of an image, pixels, pixels]: 0 for pairs that were neighbours before the roll, else `BLOCKED`."""

    def regions(side: int) -> torch.Tensor:
        place = torch.arange(side)
        return (place >= side - window).long() + (place >= side - shift).long()

    region = 3 * regions(height)[:, None] + regions(width)
    cut = region.view(height // window, window, width // window, window).transpose(1, 2)
    windows = cut.reshape(-1, window * window)
    apart = windows[:, :, None] != windows[:, None]
    return (apart * BLOCKED).to(dtype=dtype, device=device)
