"""How many slices train at once."""

from __future__ import annotations

import torch

LARGEST = {"cpu": 16, "cuda": 64}
"""A small batch keeps a CPU busy and loses little when interrupted; a GPU needs a large one. A slice takes 10 MB."""


def batch_size(device: torch.device) -> int:
    """Default number of slices that train at once. A constant: results must not depend on free memory."""
    return LARGEST[device.type]


def places(slices: int, batch: int, device: torch.device) -> list[int]:
    """Index of the slice at each place of a batch.

    A GPU's libraries choose their algorithm by the number of matrices. So on a GPU every batch is filled up to the same
    size by repeating its slices from the first. On a CPU a kernel does not depend on the batch.
    """
    return list(range(slices)) if device.type == "cpu" else [place % slices for place in range(batch)]
