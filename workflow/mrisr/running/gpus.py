"""Gives each job its own GPU on a machine without a scheduler.

A cluster's scheduler gives each job its own GPU. On other machines a job takes a GPU by locking a file that is named
after the GPU. The system releases the lock when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

POLL = 1.0
"""Seconds between two looks for a free GPU."""


def gpus() -> list[str]:
    """The GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them; none without NVIDIA's driver."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1", "NoDevFiles")]
    command = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return answer.stdout.split() if answer.returncode == 0 else []


@contextlib.contextmanager
def one_gpu(device: str) -> Iterator[str | None]:
    """Take a GPU for as long as the context lasts. Waits while other jobs on this machine have all GPUs.

    Must be entered before CUDA starts, because it sets ``CUDA_VISIBLE_DEVICES``.

    Parameters
    ----------
    device : ``auto``, ``cpu`` or ``cuda``

    Yields
    ------
    str or None
        Name of the GPU. None if no GPU is taken: for ``cpu``, on a machine without GPUs, and in a scheduler's job,
        which has its GPU already.
    """
    names = [] if device == "cpu" or "SLURM_JOB_ID" in os.environ else gpus()
    if not names:
        yield None
        return
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    name, lock = _wait_for_one(names)
    os.environ["CUDA_VISIBLE_DEVICES"] = name
    try:
        yield name
    finally:
        os.close(lock)
        if before is None:
            del os.environ["CUDA_VISIBLE_DEVICES"]
        else:
            os.environ["CUDA_VISIBLE_DEVICES"] = before


def _wait_for_one(names: list[str]) -> tuple[str, int]:
    told = False
    while True:
        for name in names:
            lock = _lock(name)
            if lock is not None:
                return name, lock
        if not told:
            sys.stderr.write(f"waiting for a GPU: other jobs have all {len(names)} of this machine\n")
            sys.stderr.flush()
            told = True
        time.sleep(POLL)


def _lock(name: str) -> int | None:
    """An open, locked file that stands for a GPU; None if another process has it."""
    path = Path(tempfile.gettempdir()) / f"mrisr-gpu-{name.replace('/', '-')}.lock"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with contextlib.suppress(OSError):
        os.chmod(path, 0o666)  # other users of the machine lock it too
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file
