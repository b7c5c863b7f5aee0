"""The process that measures networks: requests as JSON on standard input, measurements on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from mrisr.training.weights import build_model

from .machine import memory
from .networks import UNKNOWN

SIDE = 48
"""Side in pixels of the HR image used for measuring: a multiple of every scale up to 8 except 5 and 7."""


COPIES = 4
"""Copies of the parameters that a measurement may hold, the gradient among them."""


class _Largest(TorchDispatchMode):
    """Records the size in bytes of the largest array that any operation makes."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for array in made if isinstance(made, tuple | list) else [made]:
            if isinstance(array, torch.Tensor):
                self.bytes = max(self.bytes, array.nbytes)
        return made


def measure(architecture: Mapping[str, Any], scale: int, channels: int = 1) -> dict[str, float]:
    """The fields of `mrisr.costs.networks.Network` for one architecture.

    If it does not fit into this machine, as on the login node of a cluster, only its parameters are counted.
    """
    parameters = _parameters(architecture, scale, channels)
    if COPIES * 4 * parameters > memory():
        return UNKNOWN.model_dump() | {"parameters": parameters}
    model = build_model(architecture, scale=scale, channels=channels)
    side = SIDE // scale
    image, pixels = torch.rand(1, channels, side, side), (side * scale) ** 2
    parameters = {parameter.data_ptr() for parameter in model.parameters()}
    saved: dict[int, int] = {}

    def keep(array: torch.Tensor) -> torch.Tensor:
        if array.data_ptr() not in parameters:
            saved[array.data_ptr()] = array.nbytes
        return array

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda array: array):
        estimate = model(image)
        estimate.square().mean().backward()
    with torch.no_grad(), FlopCounterMode(display=False) as counter, _Largest() as largest:
        model(image)
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "saved": sum(saved.values()) / pixels,
        "largest": largest.bytes / pixels,
        "flops": counter.get_total_flops() / pixels,
    }


def _parameters(architecture: Mapping[str, Any], scale: int, channels: int) -> int:
    """Number of parameters, counted without memory for them. 0 for a network that cannot be made without numbers."""
    try:
        with torch.device("meta"):
            model = build_model(architecture, scale=scale, channels=channels)
    except Exception:  # a user's method may fail in any way; it is then made with its numbers
        return 0
    return sum(parameter.numel() for parameter in model.parameters())


def main() -> None:
    """Answer all requests; an architecture that cannot be measured is left out."""
    torch.set_num_threads(1)
    measured = {}
    for name, (architecture, scale) in json.load(sys.stdin).items():
        try:
            measured[name] = measure(architecture, scale)
        except Exception as error:  # a user's method may fail in any way; its training reports how
            sys.stderr.write(f"{architecture['kind']}: not measured ({error})\n")
    json.dump(measured, sys.stdout)


if __name__ == "__main__":
    main()
