"""Limits memory: how many slices are kept, and what the C library does with memory that torch has freed."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
LARGE = 2**30
KEPT_SLICES = 2**30
"""Bytes of slices that a training keeps in memory. Further slices are read from disk whenever they are needed."""


def keep_freed_memory() -> None:
    """Let the process keep memory that one training step frees for the next step. Results do not change.

    By default glibc returns large blocks to the system and gets them back page by page. On a CPU this takes a sixth of
    the time of a small network's training. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return
    mallopt(M_MMAP_THRESHOLD, LARGE)
    mallopt(M_TRIM_THRESHOLD, LARGE)
