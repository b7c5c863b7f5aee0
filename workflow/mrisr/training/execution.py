"""Threads, device and determinism of torch for one job."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

from mrisr.cores import cores
from mrisr.errors import InputError
from mrisr.memory import keep_freed_memory


@contextlib.contextmanager
def execution(*, threads: int, device: str = "auto", deterministic: bool = True) -> Iterator[torch.device]:
    """Run torch with exactly ``threads`` threads and yield the device. Threads and modes are restored afterwards.

    Parameters
    ----------
    threads : int
        More threads than cores is an error, because another number of threads would change the sums.
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes CUDA where there is one.
    deterministic : bool
        False lets CUDA choose faster algorithms whose results differ from run to run in the last digits.

    Raises
    ------
    InputError
        Too few cores, or no such device.
    """
    if threads > cores():
        raise InputError(
            f"training.threads: {threads} threads are asked for, but this process may use {cores()} of the machine's "
            "cores; fewer threads would give other numbers, so give it more cores or set training.threads"
        )
    chosen = _device(device)
    keep_freed_memory()
    former = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    filled = torch.utils.deterministic.fill_uninitialized_memory
    if chosen.type == "cuda":
        _configure_cuda(deterministic)
    torch.set_num_threads(threads)
    # The same as `use_deterministic_algorithms`, which also imports torch's compiler: that takes a second.
    torch.set_deterministic_debug_mode("error" if deterministic else "default")
    torch.utils.deterministic.fill_uninitialized_memory = False
    # Numbers below 1e-38 mean nothing here and are a hundred times slower.
    torch.set_flush_denormal(True)
    try:
        yield chosen
    finally:
        torch.set_flush_denormal(False)
        torch.utils.deterministic.fill_uninitialized_memory = filled
        torch.set_deterministic_debug_mode(former[1])
        torch.set_num_threads(former[0])


def _configure_cuda(deterministic: bool) -> None:
    if deterministic:
        # cuBLAS reads this when it starts, and refuses deterministic mode without it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = not deterministic
    # TF32 is fast but keeps only 10 bits of the mantissa: results would differ visibly from those on a CPU.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not deterministic


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in ("cpu", "cuda"):
        raise InputError(f"training.device: '{name}' is not known (allowed: auto, cpu, cuda)")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("training.device: there is no CUDA device here; set it to auto or cpu")
    return torch.device(name)
