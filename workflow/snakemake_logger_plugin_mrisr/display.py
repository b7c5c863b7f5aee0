"""What a run shows: a line when a job starts or ends, the jobs that run now, and the time left."""

from __future__ import annotations

import shutil
import textwrap
import time
from collections.abc import Mapping
from typing import TextIO

from mrisr.progress import duration

from .disk import full, says_full
from .estimate import Estimate, Job, tail

LOG_LINES = 30
RED, GREEN, PLAIN = "\033[31m", "\033[32m", "\033[0m"


def short(wildcards: Mapping[str, str]) -> str:
    """Wildcards in short: ``{scale: 2, loss: mse, seed: 0}`` -> ``x2 mse seed0``."""
    named = {"scale": "x", "study": None}
    words = []
    for name, value in wildcards.items():
        value = str(value).strip("/")
        label = named.get(name, name)
        if label is not None and value:
            words.append(f"{label}{value}" if value.isdigit() else value)
    return " ".join(words)


class Display:
    """Writes the lines of one run.

    On a terminal the last line is rewritten in place every second; elsewhere it is repeated every ``interval`` seconds,
    less often in runs of hours.
    """

    def __init__(self, stream: TextIO, *, terminal: bool, color: bool, interval: float):
        self.stream, self.terminal, self.color, self.interval = stream, terminal, color, interval
        self.running: dict[int, Job] = {}
        self.failed: dict[int, Job] = {}
        self.endings: list[str] = []
        self.is_stopping = self.is_full = False
        self.done = self.total = self.retried = 0
        self.estimate: Estimate | None = None
        self.began = self.spoke = time.monotonic()

    def start_run(self, stats: Mapping[str, int], slots: int, *, cluster: bool) -> None:
        """Show the number of jobs, by rule, and how many can run at once."""
        jobs = {rule: count for rule, count in stats.items() if rule != "total"}
        self.total = stats["total"]
        self.estimate = Estimate(jobs, slots, count_threads=not cluster)
        self.began = self.spoke = time.monotonic()
        where = f"at most {slots} at once on the cluster" if cluster else f"{slots} core{'s' * (slots != 1)}"
        rules = ", ".join(f"{count} {rule}" for rule, count in jobs.items())
        self._line(f"{self.total} job{'s' * (self.total != 1)}, {where}: {rules}")

    def start_job(self, number: int, job: Job) -> None:
        """Show that a job has started, or that it is repeated after a failure."""
        if not self._repeats(number) and self.estimate and number not in self.running:
            self.estimate.start(job)
        self.running[number] = job
        if not job.is_target:
            self._line(f"{self._count()} start  {job.label}")

    def finish_job(self, number: int) -> None:
        """Show that a job has succeeded."""
        self._repeats(number)
        job = self.running.pop(number, None)
        self.done += 1
        if job is None or self.estimate is None:
            return
        self.estimate.finish(job)
        if not job.is_target:
            self._line(f"{self._count()} done   {job.label}, {duration(job.seconds)}{self._left('; ')}", GREEN)

    def fail_job(self, number: int, rule: str, error: Mapping) -> None:
        """Show a failed job: its command, and the end of each of its logs."""
        job = self.running.pop(number, None) or Job(rule, rule)
        if self.is_stopping:
            self._line(f"{self._count()} stopped {job.label}, after {duration(job.seconds)}")
            return
        self.failed[number] = job
        text = [f"{self._count()} FAILED {job.label}, after {duration(job.seconds)}"]
        if error.get("rule_msg"):
            text.append(f"    message: {error['rule_msg']}")
        if error.get("output"):
            text.append(f"    output: {', '.join(error['output'])}")
        text += [f"    {name}: {value}" for name, value in (error.get("aux") or {}).items()]
        if error.get("shellcmd"):
            command = error["shellcmd"].strip()
            text.append(textwrap.indent(f"command: {textwrap.dedent(error['shellcmd']).strip()}", "    "))
            ends = [ending.rsplit(command, 1)[1].strip("' .\n") for ending in self.endings if command in ending]
            text += [f"    which {end}" for end in ends[-1:]]
        logs, suspect = list(error.get("log") or []), False
        for log in logs:
            lines = tail(log, 65536)
            suspect |= not lines or says_full(lines)
            shown = lines[-LOG_LINES:]
            skipped = f", its last {LOG_LINES} lines" if len(lines) > len(shown) else ""
            text.append(f"    log: {log}{skipped if lines else ' (empty or missing)'}")
            text += [f"    | {line}" for line in shown]
        warnings = full([*logs, *(error.get("output") or [])], suspect=suspect)
        self.is_full |= bool(warnings)
        self._line("\n".join([*text, *(f"    {warning}" for warning in warnings)]), RED)

    def spoil_job(self, number: int) -> None:
        """Count a job that ended without its outputs as failed. The reason has been shown already."""
        job = self.running.pop(number, None)
        if job is not None:
            self.failed[number] = job

    def _repeats(self, number: int) -> bool:
        """Whether a job has failed before. That attempt then counts as retried, and the job no more as failed."""
        repeats = self.failed.pop(number, None) is not None
        self.retried += repeats
        return repeats

    def tick(self) -> None:
        """Show the state of the run at intervals."""
        if self.estimate is None or not self.running:
            return
        for job in self.running.values():
            job.listen()
        if self.terminal:
            self._status()
        elif time.monotonic() - self.spoke >= max(self.interval, min(300.0, (time.monotonic() - self.began) / 40)):
            self._line(self._state())

    def end_run(self) -> None:
        """Show the last line: how many jobs are done, and what to do if some are not."""
        if self.estimate is None:
            return
        text = f"{self.done} of {self.total} jobs done in {duration(time.monotonic() - self.began)}{self._failures()}"
        if self.done < self.total:
            text += "; the same command goes on from here"
            # Snakemake itself may have failed on a full disk, before or after a job.
            if not self.is_full and (warnings := full([".snakemake/log"])):
                text = "\n".join([*warnings, text])
        self.running.clear()
        self._line(text, GREEN if self.done >= self.total else RED)

    def _failures(self) -> str:
        """The jobs that failed, and the attempts that failed and were repeated."""
        text = ""
        if self.failed:
            names = ", ".join(dict.fromkeys(job.label for job in self.failed.values()))
            text += f"; {len(self.failed)} failed: {names}"
        if self.retried == 1:
            text += "; 1 attempt failed and was retried"
        elif self.retried:
            text += f"; {self.retried} attempts failed and were retried"
        return text

    def clear(self) -> None:
        """Remove the rewritten line, so that other output can follow."""
        if self.terminal:
            self.stream.write("\r\033[K")

    def _count(self) -> str:
        return f"[{self.done:{len(str(self.total))}}/{self.total}]"

    def _left(self, before: str, after: str = "") -> str:
        if self.done >= self.total or self.estimate is None:
            return ""
        seconds, measured = self.estimate.remaining(list(self.running.values()))
        if seconds < 1:
            return ""
        return f"{before}about {duration(seconds)} left{'' if measured else ' (first guess)'}{after}"

    def _state(self) -> str:
        jobs = [
            f"{job.label.partition(' ')[2] or job.rule} {job.progress}"
            if job.progress
            else f"{job.label} {duration(job.seconds)}"
            for job in self.running.values()
        ]
        more = f" and {len(jobs) - 4} more" if len(jobs) > 4 else ""
        return f"{self._count()} {self._left('', '; ')}now {', '.join(jobs[:4])}{more}"

    def _status(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r\033[K" + self._state()[:width])
        self.stream.flush()

    def _line(self, text: str, color: str = "") -> None:
        self.clear()
        text = f"{time.strftime('%H:%M:%S')} {text}"
        self.stream.write(f"{color}{text}{PLAIN}\n" if self.color and color else f"{text}\n")
        self.stream.flush()
        self.spoke = time.monotonic()
