"""RRDBNet, the generator of ESRGAN: residual in residual dense blocks (Wang et al., ECCVW 2018, arXiv 1809.00219)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from mrisr.errors import InputError

from ._bicubic import BicubicUpsampling


class RRDBNet(nn.Module):
    """Residual-in-residual dense blocks without batch normalisation, nearest-neighbour doublings with convolutions.

    The training-bias paper uses three blocks: 2,233,345 parameters at scale 1, 2,307,201 at scale 4.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids (doublings), channels of the images.
    features : int
        Features of the trunk.
    growth : int
        Features that each convolution of a dense block adds.
    blocks : int
        Residual-in-residual dense blocks, three dense blocks each (ESRGAN has 23).
    residual_scale : float
        Factor of every residual branch.
    unshuffle : int
        1, 2 or 4. Blocks of this many pixels per side are first folded into channels, so the trunk runs on a coarser
        grid. Further doublings at the end undo this. BasicSR has 4 at scale 1 and 2 at scale 2.
    skip : bool
        Learn the difference to the bicubically enlarged input. Short trainings then suffice. Not in the paper.
    """

    SCALES = (1, 2, 4, 8)

    def __init__(
        self,
        *,
        scale: int,
        channels: int = 1,
        features: int = 64,
        growth: int = 32,
        blocks: int = 3,
        residual_scale: float = 0.2,
        unshuffle: int = 1,
        skip: bool = False,
    ):
        super().__init__()
        if min(features, growth, blocks) < 1:
            raise InputError("rrdbnet: features, growth and blocks must be 1 or more")
        if unshuffle not in (1, 2, 4):
            raise InputError(f"rrdbnet: unshuffle {unshuffle} is not allowed (allowed: 1, 2, 4)")
        self.scale, self.unshuffle, self.skip = scale, unshuffle, skip
        self.enlarge = BicubicUpsampling(scale)
        doublings = (scale * unshuffle).bit_length() - 1
        self.first = nn.Conv2d(channels * unshuffle**2, features, 3, padding=1)
        self.trunk = nn.Sequential(*(_RRDB(features, growth, residual_scale) for _ in range(blocks)))
        self.trunk_end = nn.Conv2d(features, features, 3, padding=1)
        self.doublings = nn.ModuleList(nn.Conv2d(features, features, 3, padding=1) for _ in range(doublings))
        self.high_resolution = nn.Conv2d(features, features, 3, padding=1)
        self.last = nn.Conv2d(features, channels, 3, padding=1)
        self.activation = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        height, width = degraded.shape[-2:]
        shallow = self.first(self._unshuffled(degraded))
        features = shallow + self.trunk_end(self.trunk(shallow))
        for convolution in self.doublings:
            doubled = functional.interpolate(features, scale_factor=2, mode="nearest")
            features = self.activation(convolution(doubled))
        estimate = self.last(self.activation(self.high_resolution(features)))
        estimate = estimate[..., : height * self.scale, : width * self.scale]
        return self.enlarge(degraded) + estimate if self.skip else estimate

    def _unshuffled(self, image: torch.Tensor) -> torch.Tensor:
        if self.unshuffle == 1:
            return image
        right, bottom = -image.shape[-1] % self.unshuffle, -image.shape[-2] % self.unshuffle
        padded = functional.pad(image, (0, right, 0, bottom), mode="replicate")
        return functional.pixel_unshuffle(padded, self.unshuffle)


class _RRDB(nn.Module):
    """Three dense blocks in a row inside one scaled residual."""

    def __init__(self, features: int, growth: int, residual_scale: float):
        super().__init__()
        self.residual_scale = residual_scale
        self.blocks = nn.Sequential(*(_ResidualDenseBlock(features, growth, residual_scale) for _ in range(3)))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features + self.residual_scale * self.blocks(features)


class _ResidualDenseBlock(nn.Module):
    """Five convolutions, each reading everything before it in the block, inside one scaled residual."""

    def __init__(self, features: int, growth: int, residual_scale: float):
        super().__init__()
        self.residual_scale = residual_scale
        widths = [growth] * 4 + [features]
        self.layers = nn.ModuleList(
            nn.Conv2d(features + made * growth, width, 3, padding=1) for made, width in enumerate(widths)
        )
        self.activation = nn.LeakyReLU(0.2, inplace=True)
        for layer in self.layers:
            # ESRGAN: smaller initial weights in the residual branches make deep networks without normalisation train.
            nn.init.kaiming_normal_(layer.weight)
            layer.weight.data.mul_(0.1)
            nn.init.zeros_(layer.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        made = [features]
        for layer in self.layers[:-1]:
            made.append(self.activation(layer(torch.cat(made, dim=1))))
        return features + self.residual_scale * self.layers[-1](torch.cat(made, dim=1))
