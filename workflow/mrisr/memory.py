"""How much memory is used: slices that are kept, and what the C library does with memory that torch has given back."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
LARGE = 2**30
KEPT_SLICES = 2**30
"""Bytes of slices that a training keeps in memory; what is beyond is read from disk whenever it is needed."""


def keep_freed_memory() -> None:
    """Let the process keep the memory that a step has freed for the next step; numbers do not change.

    By default glibc returns large blocks to the system and gets them back page by page: on a CPU a sixth of the time of
    a small network's training. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return
    mallopt(M_MMAP_THRESHOLD, LARGE)
    mallopt(M_TRIM_THRESHOLD, LARGE)
