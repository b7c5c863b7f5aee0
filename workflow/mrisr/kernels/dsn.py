"""DSN: a non-linear downsampling network, trained by a pixel loss (Chun et al., Med. Phys. 46:4148, 2019)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from mrisr.errors import InputError


class DSN(nn.Module):
    """Five 3 x 3 convolutions with ReLU between them, the third with the scale as its stride; 112,001 parameters.

    This is one network for all slices, not a kernel. It is trained on the training subjects' pairs like any other
    network (`mrisr.training.train.train` with ``shelf: kernels``).

    With a stride of two, a 3 x 3 window is centred on one of a block's four pixels, half a pixel beside the block's
    centre. No padding can change that. The network can learn this shift: with only two of the three weights per axis,
    as in a mean of the block, the window is centred.

    Parameters
    ----------
    scale, channels : int
        Factor between the grids, channels of the images.
    features : int
        Features of each convolution except the last.
    skip : bool
        Learn the difference to the means of the blocks. Short trainings then suffice. Not in the paper.
    """

    GIVES = "network"

    def __init__(self, *, scale: int, channels: int = 1, features: int = 64, skip: bool = False):
        super().__init__()
        if features < 1:
            raise InputError(f"dsn: features must be 1 or more, not {features!r}")
        self.scale, self.skip = scale, skip
        self.fine = nn.ModuleList(nn.Conv2d(width, features, 3, padding=1) for width in (channels, features))
        self.strided = nn.Conv2d(features, features, 3, stride=scale)
        self.coarse = nn.Conv2d(features, features, 3, padding=1)
        self.last = nn.Conv2d(features, channels, 3, padding=1)

    def forward(self, reference: torch.Tensor) -> torch.Tensor:
        """[N, C, scale * h, scale * w] -> [N, C, h, w]."""
        self._require_whole_blocks(*reference.shape[-2:])
        features = reference
        for convolution in self.fine:
            features = functional.relu(convolution(features))
        # The middle weight lies on pixel (scale - 1) // 2 of the block: its centre, or as near as possible.
        before, after = 1 - (self.scale - 1) // 2, 1
        features = functional.pad(features, (before, after, before, after))
        features = functional.relu(self.strided(features))
        estimate = self.last(functional.relu(self.coarse(features)))
        return functional.avg_pool2d(reference, self.scale) + estimate if self.skip else estimate

    def _require_whole_blocks(self, height: int, width: int) -> None:
        if height % self.scale or width % self.scale:
            raise InputError(f"dsn: {height} x {width} pixels are not whole {self.scale}-by-{self.scale} blocks")
