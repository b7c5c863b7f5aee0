"""Prints the progress of long work: how much is done, what is being done, and the time left."""

from __future__ import annotations

import sys
import time
from typing import TextIO


def duration(seconds: float) -> str:
    """``75`` -> ``1 min 15 s``; hours from 60 minutes on."""
    seconds = max(0, round(seconds))
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds % 60:02d} s" if minutes else f"{seconds} s"


class Progress:
    """Prints ``label: done of total (percent), remaining``, at most once every ``every`` seconds.

    On a terminal the line is rewritten in place; in a log file each report is a line of its own.
    """

    def __init__(self, label: str, total: int, *, start: int = 0, every: float = 5.0, stream: TextIO | None = None):
        self.label, self.total, self.every = label, total, every
        self.stream = stream or sys.stderr
        self.began = self.last = time.monotonic()
        self.start = self.done = start

    def update(self, done: int, note: str = "") -> None:
        """Report that ``done`` of the total is finished. Prints at intervals, and always at the end."""
        self.done = done
        now = time.monotonic()
        finished = done >= self.total
        if now - self.last < (0.2 if self.stream.isatty() else self.every) and not finished:
            return
        self.last = now
        fresh = done - self.start
        left = (now - self.began) / fresh * (self.total - done) if fresh else 0.0
        text = f"{self.label}: {done} of {self.total} ({100 * done / max(self.total, 1):.0f} %)"
        text += f", {duration(now - self.began)} so far" if finished else f", about {duration(left)} left"
        text += f", {note}" if note else ""
        if self.stream.isatty():
            self.stream.write(f"\r\033[K{text}" + ("\n" if finished else ""))
        else:
            self.stream.write(text + "\n")
        self.stream.flush()
