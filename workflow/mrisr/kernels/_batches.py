"""How many slices train at once."""

from __future__ import annotations

import torch

LARGEST = {"cpu": 16, "cuda": 64}
"""A CPU is busy with fewer, and an interruption then costs little; a GPU needs many. A slice takes 10 MB."""


def batch_size(device: torch.device) -> int:
    """Slices that train at once, if the options do not say: a constant, so that no number follows the free memory."""
    return LARGEST[device.type]


def places(slices: int, batch: int, device: torch.device) -> list[int]:
    """Which of a batch's slices stands at which place.

    On a CPU a kernel does not depend on the batch. A GPU's libraries choose their way by the number of matrices, so
    there every batch is filled up to one size, with its slices again from the first.
    """
    return list(range(slices)) if device.type == "cpu" else [place % slices for place in range(batch)]
