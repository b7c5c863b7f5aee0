"""How many slices train at once."""

from __future__ import annotations

import psutil
import torch

BYTES_PER_SLICE = 12 * 2**20
"""Weights, gradients and moments of both networks, activations, crops: measured 9.6 MB with slices of 256 x 256."""
SHARE = 0.5
"""Of the free memory."""
LARGEST = {"cpu": 64, "cuda": 512}
"""A CPU is busy with fewer, and an interruption then costs little; a GPU needs many."""


def batch_size(device: torch.device) -> int:
    """Slices that fit into half of the memory that is free, at least one; kernels do not depend on it."""
    free = torch.cuda.mem_get_info()[0] if device.type == "cuda" else psutil.virtual_memory().available
    return max(1, min(LARGEST[device.type], int(SHARE * free / BYTES_PER_SLICE)))
