"""Stopping between two steps: on a signal, or when the time is up."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name))


class Interrupted(Exception):
    """The training stopped before its end; the message says why and where.

    ``again`` says whether it should go on at once: nobody stopped it but its time was up, and its state is kept.
    """

    def __init__(self, message: str, *, again: bool = False):
        super().__init__(message)
        self.again = again


class Stop:
    """Says whether to stop now.

    ``worked`` is set by the loop after each step: before the first the deadline does not count, so that even a job with
    too little time gets further each time it is started.
    """

    def __init__(self, deadline: float | None):
        self.deadline = deadline
        self.signal: signal.Signals | None = None
        self.worked = False

    def reason(self) -> str | None:
        """Why to stop, or None to go on."""
        if self.signal is not None:
            return f"received {self.signal.name}"
        if self.worked and self.deadline is not None and time.monotonic() >= self.deadline:
            return "its time is up"
        return None


@contextlib.contextmanager
def stop_requests(deadline: float | None = None) -> Iterator[Stop]:
    """Note SIGINT, SIGTERM and SIGUSR1 instead of dying of them; the former handlers come back at the end.

    Parameters
    ----------
    deadline : float, optional
        Value of `time.monotonic` (seconds) from which on to stop.
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
