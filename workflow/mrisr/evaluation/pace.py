"""How long an estimate takes on this machine, and how much memory it needs."""

from __future__ import annotations

import statistics
import time
import weakref
from collections.abc import Iterable

import torch
from torch.utils._python_dispatch import TorchDispatchMode

SECONDS = 1.0
"""Estimates are repeated for about so long."""
LEAST, MOST = 3, 100
"""Numbers of estimates that are timed, after one for warming up."""


def seconds_a_slice(model: torch.nn.Module, degraded: torch.Tensor) -> float:
    """Median time of an estimate of degraded slices [N, C, h, w], on the device of both."""
    with torch.inference_mode():
        _timed(model, degraded)
        times: list[float] = []
        while len(times) < LEAST or (len(times) < MOST and sum(times) < SECONDS):
            times.append(_timed(model, degraded))
    return statistics.median(times)


def peak_bytes(model: torch.nn.Module, degraded: torch.Tensor) -> int:
    """Most bytes in use at once during an estimate: weights, slice and intermediate arrays.

    On a GPU it is what torch's allocator has given out. On a CPU, arrays are counted as they come and go; working
    memory inside the libraries that compute convolutions is not seen.
    """
    if degraded.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        with torch.inference_mode():
            model(degraded)
        return torch.cuda.max_memory_allocated()
    kept = [*model.parameters(), *model.buffers(), degraded]
    with torch.no_grad(), _Living(kept) as living:
        model(degraded)
    return living.most


def _timed(model: torch.nn.Module, degraded: torch.Tensor) -> float:
    began = time.perf_counter()
    model(degraded).cpu()  # waits for a GPU
    return time.perf_counter() - began


class _Living(TorchDispatchMode):
    """Counts the bytes of the arrays in ``kept`` and of those that operations make. The peak is ``most``."""

    def __init__(self, kept: Iterable[torch.Tensor]):
        super().__init__()
        self.now = self.most = 0
        self.known: dict[int, weakref.ref] = {}
        for array in kept:
            self._note(array.untyped_storage())

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for array in made if isinstance(made, tuple | list) else [made]:
            if isinstance(array, torch.Tensor):
                self._note(array.untyped_storage())
        return made

    def _note(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        if key in self.known:
            return

        def forget(_: weakref.ref) -> None:
            self.now -= size
            del self.known[key]

        self.known[key] = weakref.ref(storage, forget)
        self.now += size
        self.most = max(self.most, self.now)
