"""The interface through which long work reports its progress."""

from __future__ import annotations

from typing import Protocol


class ProgressMeter(Protocol):
    """Receives the progress of long work; `mrisr.progress.Progress` prints it."""

    def update(self, done: int, note: str = "") -> None:
        """Report that ``done`` of the total is finished. ``note`` is further text to show."""
