"""FMEN: plain convolutions that were trained as wider blocks and merged (Du et al., CVPRW 2022, arXiv 2204.08397)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from mrisr.errors import InputError

from ._merging import merged_block, merged_with_norm_after, merged_with_norm_before, value_of_zero

SLOPE = 0.1
"""Slope of the LeakyReLU below zero."""
EXPANSION = 2
"""Factor of the number of features inside a block while training."""
FIRST_NARROWER = 4
"""Number of features that the first attention block has less than the others."""


class FMEN(nn.Module):
    """Pairs of a convolutional block and an attention block inside one long residual, pixel shuffle at the end.

    While training, every convolution of the blocks is a wider residual block, and the attention blocks have batch
    normalisation. `merged` turns each of them into one convolution. In evaluation mode both networks give the same
    output. With 3 channels at scale 4: 1,045,866 parameters while training, 341,066 merged.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids, channels of the images.
    features, attention_features : int
        Features of the trunk, and of the attention blocks.
    blocks : int
        Number of pairs.
    form : {"training", "merged"}
        The form of the network. A merged network can be trained too, but it is meant for estimates.
    """

    SCALES = (1, 2, 3, 4)

    def __init__(
        self,
        *,
        scale: int,
        channels: int = 1,
        features: int = 50,
        attention_features: int = 16,
        blocks: int = 4,
        form: Literal["training", "merged"] = "training",
    ):
        super().__init__()
        if min(features, blocks) < 1 or attention_features <= FIRST_NARROWER:
            raise InputError("fmen: features and blocks must be 1 or more, and attention_features 5 or more")
        self.options = {"features": features, "attention_features": attention_features, "blocks": blocks}
        self.scale, self.channels = scale, channels
        wide = form == "training"
        self.first = nn.Conv2d(channels, features, 3, padding=1)
        self.second = nn.Conv2d(features, features, 3, padding=1)
        self.attention = nn.ModuleList([_Attention(features, attention_features - FIRST_NARROWER, 2, wide)])
        self.attention.extend(_Attention(features, attention_features, 1, wide) for _ in range(blocks))
        self.blocks = nn.ModuleList(_block(features, wide) for _ in range(blocks))
        self.trunk_end = nn.Conv2d(features, features, 3, padding=1)
        self.last = nn.Sequential(nn.Conv2d(features, channels * scale**2, 3, padding=1), nn.PixelShuffle(scale))

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        """[N, C, h, w] -> [N, C, scale * h, scale * w]."""
        shallow = self.first(degraded)
        deep = self.attention[0](self.second(shallow))
        for block, attention in zip(self.blocks, self.attention[1:], strict=True):
            deep = attention(block(deep))
        return self.last(self.trunk_end(deep) + shallow)

    @torch.no_grad()
    def merged(self) -> FMEN:
        """The same network with one convolution for each block, in evaluation mode."""
        network = FMEN(scale=self.scale, channels=self.channels, form="merged", **self.options)
        network.to(self.first.weight)
        state = {}
        for prefix, module in self.named_modules():
            if isinstance(module, _WideConvolution):
                state |= _named(prefix, merged_block(module.expand, module.convolve, module.reduce))
            elif isinstance(module, _Attention) and module.norms is not None:
                first, second, third = module.norms
                state |= _named(f"{prefix}.squeeze", merged_with_norm_before(first, module.squeeze))
                excite = merged_with_norm_before(second, module.excite)
                state |= _named(f"{prefix}.excite", merged_with_norm_after(*excite, third))
        own = self.state_dict()
        network.load_state_dict({name: state.get(name, own.get(name)) for name in network.state_dict()})
        return network.eval()


class _WideConvolution(nn.Module):
    """A 3 x 3 convolution while training: expand, convolve inside a residual, reduce, all inside a residual."""

    def __init__(self, features: int):
        super().__init__()
        self.expand = nn.Conv2d(features, EXPANSION * features, 1)
        self.convolve = nn.Conv2d(EXPANSION * features, EXPANSION * features, 3)
        self.reduce = nn.Conv2d(EXPANSION * features, features, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        expanded = self.expand(features)
        # The padding is what a zero becomes. Otherwise the merged convolution, padded with zeros, would differ.
        return features + self.reduce(expanded + self.convolve(_padded(expanded, self.expand.bias)))


class _Attention(nn.Module):
    """Multiplies the features by weights between 0 and 1, which narrow convolutions compute from them."""

    def __init__(self, features: int, narrow: int, blocks: int, wide: bool):
        super().__init__()
        self.squeeze = nn.Conv2d(features, narrow, 3)
        self.blocks = nn.Sequential(*(_block(narrow, wide) for _ in range(blocks)))
        self.excite = nn.Conv2d(narrow, features, 3)
        widths = (features, narrow, features)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths) if wide else None

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        first, second, third = self.norms or (None, None, None)
        narrow = functional.leaky_relu(self.squeeze(_normalised(features, first)), SLOPE)
        narrow = functional.leaky_relu(self.blocks(narrow), SLOPE)
        weights = self.excite(_normalised(narrow, second))
        return features * (weights if third is None else third(weights)).sigmoid()


def _block(features: int, wide: bool) -> nn.Sequential:
    def convolution() -> nn.Module:
        return _WideConvolution(features) if wide else nn.Conv2d(features, features, 3, padding=1)

    return nn.Sequential(convolution(), nn.LeakyReLU(SLOPE), convolution())


def _normalised(features: torch.Tensor, norm: nn.BatchNorm2d | None) -> torch.Tensor:
    """Features after a batch norm, with a border of one pixel that holds what a zero becomes."""
    if norm is None:
        return functional.pad(features, (1, 1, 1, 1))
    return _padded(norm(features), value_of_zero(norm))


def _padded(features: torch.Tensor, border: torch.Tensor) -> torch.Tensor:
    """A border of one pixel with one value for each channel [C]."""
    values = border.view(1, -1, 1, 1)
    return functional.pad(features - values, (1, 1, 1, 1)) + values


def _named(prefix: str, weights: tuple[torch.Tensor, torch.Tensor]) -> dict[str, torch.Tensor]:
    return dict(zip((f"{prefix}.weight", f"{prefix}.bias"), weights, strict=True))
