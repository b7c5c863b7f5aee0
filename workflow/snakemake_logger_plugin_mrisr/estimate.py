"""Estimates the time left of a run from its finished jobs, and from the progress in the logs of its running jobs."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mrisr.planning.plan import stage_classes

# Seconds a job of each rule takes in the default study on a laptop. They only weigh the rules against each other until
# one job of a rule has finished. For rules that are named after a figure, the key is the beginning of their names.
NOMINAL = {stage.RULE.partition("{")[0]: stage.NOMINAL_SECONDS for _, stage in stage_classes()} | {"all": 0.0}
OTHER = 2.0
FIT = (0.2, 5.0)
"""Limits of the factor by which measured jobs scale the table above. A long training does not make plots slow."""

PROGRESS = re.compile(r"\d+ of \d+ \(\s*\d+ %\)")
LEFT = re.compile(r"about (?:(\d+) h ?)?(?:(\d+) min ?)?(?:(\d+) s ?)?left")


@dataclass
class Job:
    """A running job. ``said`` is the last line of progress in its log, ``left`` the seconds left by that line."""

    rule: str
    label: str
    threads: int = 1
    logs: list[str] = field(default_factory=list)
    is_target: bool = False
    began: float = field(default_factory=time.monotonic)
    said: str = ""
    left: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.began

    def listen(self) -> None:
        """Look for a new line of progress at the end of the job's logs."""
        for log in self.logs:
            lines = [line for line in tail(log) if PROGRESS.search(line)]
            if not lines or lines[-1] == self.said:
                continue
            self.said = lines[-1]
            left = LEFT.search(self.said)
            if left:
                hours, minutes, seconds = (int(part or 0) for part in left.groups())
                self.left = self.seconds + 3600 * hours + 60 * minutes + seconds

    @property
    def progress(self) -> str:
        """The part of its last line of progress that counts: ``300 of 1000 (30 %)``."""
        found = PROGRESS.search(self.said)
        return found.group() if found else ""


def tail(path: str, size: int = 8192) -> list[str]:
    """The last lines of a text file, without what a terminal would have overwritten; empty if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - size))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line.rsplit("\r", 1)[-1] for line in text.rstrip().replace("\r\n", "\n").split("\n") if line.strip()]


class Estimate:
    """Estimates the time left from the mean duration of each rule's jobs.

    Parameters
    ----------
    jobs : dict
        Number of jobs of each rule.
    slots : int
        Cores of this machine, or the number of jobs that a cluster may run at once.
    count_threads : bool
        Whether a job takes as many slots as it has threads (cores) or one (cluster jobs).
    """

    def __init__(self, jobs: dict[str, int], slots: int, *, count_threads: bool = True):
        self.waiting = Counter(jobs)
        self.slots, self.count_threads = max(1, slots), count_threads
        self.finished: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self.threads: dict[str, int] = {}

    def start(self, job: Job) -> None:
        """Note that a job has started."""
        self.waiting[job.rule] -= 1
        self.threads[job.rule] = job.threads

    def finish(self, job: Job) -> None:
        """Note that a job has succeeded, and how long it took."""
        self.finished[job.rule] += 1
        self.spent[job.rule] += job.seconds

    def expected(self, rule: str, running: list[Job]) -> tuple[float, bool]:
        """Seconds that a job of the rule takes, and whether that was measured."""
        if self.finished[rule]:
            return self.spent[rule] / self.finished[rule], True
        promised = [job.left for job in running if job.rule == rule and job.left is not None]
        if promised:
            return sum(promised) / len(promised), True
        nominal = sum(_nominal(name) * count for name, count in self.finished.items())
        fit = sum(self.spent.values()) / nominal if nominal else 1.0
        return _nominal(rule) * min(max(fit, FIT[0]), FIT[1]), False

    def remaining(self, running: list[Job]) -> tuple[float, bool]:
        """Seconds until the last job ends, and whether most of that rests on measured durations."""
        work = {True: 0.0, False: 0.0}
        longest = 0.0
        for job in running:
            seconds, measured = self.expected(job.rule, running)
            total = seconds if job.left is None else job.left
            left = max(total - job.seconds, 0.05 * total)
            work[measured] += left * self._size(job.rule)
            longest = max(longest, left)
        for rule, count in self.waiting.items():
            if count > 0:
                seconds, measured = self.expected(rule, running)
                work[measured] += count * seconds * self._size(rule)
                longest = max(longest, seconds)
        return max(longest, sum(work.values()) / self.slots), work[True] >= work[False]

    def _size(self, rule: str) -> int:
        return min(self.threads.get(rule, 1), self.slots) if self.count_threads else 1


def _nominal(rule: str) -> float:
    return next((seconds for name, seconds in NOMINAL.items() if rule.startswith(name)), OTHER)
