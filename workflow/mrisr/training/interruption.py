"""Stops a training between two steps, on a signal or when the time is up."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name))


class Interrupted(Exception):
    """The training stopped before its end; the message says why and where.

    ``again`` is true if it should continue at once: its time was up, nobody stopped it, and its state is saved.
    """

    def __init__(self, message: str, *, again: bool = False):
        super().__init__(message)
        self.again = again


class Stop:
    """Says whether to stop now.

    The loop sets ``worked`` after each step. The deadline does not count before the first step, so even a job with too
    little time makes progress at each start.
    """

    def __init__(self, deadline: float | None):
        self.deadline = deadline
        self.signal: signal.Signals | None = None
        self.worked = False

    def reason(self) -> str | None:
        """The reason to stop, or None to go on."""
        if self.signal is not None:
            return f"received {self.signal.name}"
        if self.worked and self.deadline is not None and time.monotonic() >= self.deadline:
            return "its time is up"
        return None


@contextlib.contextmanager
def stop_requests(deadline: float | None = None) -> Iterator[Stop]:
    """Note SIGINT, SIGTERM and SIGUSR1 instead of ending the process. The former handlers are restored at the end.

    Parameters
    ----------
    deadline : float, optional
        Value of `time.monotonic` (seconds) at which to stop.
    """
    stop = Stop(deadline)
    former = {}
    # Python lets only the main thread install handlers; elsewhere the deadline alone counts.
    if threading.current_thread() is threading.main_thread():

        def note(number: int, frame: object) -> None:
            stop.signal = signal.Signals(number)

        former = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
