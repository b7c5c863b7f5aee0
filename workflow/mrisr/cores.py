"""How many of the machine's cores a process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Cores that this process may use (fewer than the machine has under taskset, SLURM or a container)."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1
