"""The memory of the machine at hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux tells how much memory a container may take, versions 2 and 1."""


def memory(limits: Sequence[Path] = LIMITS) -> int:
    """Bytes of memory that this machine, or the container that this process runs in, has."""
    found = [psutil.virtual_memory().total]
    for path in limits:
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):
            continue  # there is no such file, or it says "max"
    return min(found)
