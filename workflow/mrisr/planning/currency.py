"""Tells which outputs are current: those that their job would make again now.

Snakemake treats an output without a record as current. Here an output is current only if its run.json names the
identity of its job and the output's SHA-256.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .job import Job
from .plan import Plan
from .records import Output, Record, read_record


@dataclass(frozen=True)
class Outdated:
    """Outputs of a job on disk that are not current, and the reason."""

    job: Job
    reason: str
    wrong: tuple[str, ...]
    """The files that the reason is about."""

    @property
    def files(self) -> list[str]:
        """The files of the job that are on disk, its record included."""
        return [path for path in (*self.job.writes.values(), self.job.record) if os.path.exists(path)]


def outdated(plan: Plan, *, if_current: Callable[[Job], None] = lambda job: None) -> list[Outdated]:
    """Every job of the plan with outputs on disk that are not current.

    Also repairs the time stamps of current outputs, and calls ``if_current`` for each job that made them.
    """
    found = []
    for job in (*plan.jobs(), *plan.pages()):
        present = [path for path in job.writes.values() if os.path.exists(path)]
        if plan.stages[job.stage].IN_STUDY and present:
            record = read_record(job.record)
            fault = _fault(plan, job, record)
            if fault:
                found.append(Outdated(job, *fault))
            else:
                _restore_times(job, record)
                if_current(job)
    return found


def _restore_times(job: Job, record: Record) -> None:
    """Give outputs that were touched or copied the times at which they were made.

    Snakemake reruns a job whose input is younger than its output, whatever its triggers are. So unchanged files must
    not look younger.
    """
    folder = Path(job.record).parent
    for path in job.writes.values():
        _, made = record.outputs[os.path.relpath(path, folder)].stamp
        status = os.stat(path)
        if status.st_mtime_ns != made:
            with contextlib.suppress(OSError):
                os.utime(path, ns=(status.st_atime_ns, made))


def is_current(plan: Plan, job: Job) -> bool:
    """Whether a job's outputs exist and are what the job would make now."""
    return _fault(plan, job, read_record(job.record)) is None


def _fault(plan: Plan, job: Job, record: Record | None) -> tuple[str, tuple[str, ...]] | None:
    """Why a job's outputs are not current, and which files the reason is about; None if they are current."""
    outputs = tuple(job.writes.values())
    present = tuple(path for path in outputs if os.path.exists(path))
    if record is None:
        return "has a damaged run.json" if os.path.lexists(job.record) else "has no run.json", present
    if record.identity != job.identity:
        return "was made by other code, settings or inputs", present
    folder = Path(job.record).parent
    made = {path: record.outputs.get(os.path.relpath(path, folder)) for path in outputs}
    if missing := tuple(path for path in outputs if path not in present):
        return "is missing", missing
    if unknown := tuple(path for path in outputs if made[path] is None):
        return "has no entry in run.json", unknown
    if damaged := tuple(path for path in outputs if not _is_as_made(plan, path, made[path])):
        return "was edited or damaged", damaged
    return None


def _is_as_made(plan: Plan, path: str, made: Output) -> bool:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns] == made.stamp or _digest(plan, path) == made.sha256


def _digest(plan: Plan, path: str) -> str | None:
    """SHA-256 of an output; None if it cannot be read, such as a FIFO in its place."""
    try:
        return plan.subjects.digests(Path(path))
    except OSError:
        return None


def set_aside(plan: Plan, outputs: Iterable[Outdated]) -> Path:
    """Move outdated outputs, with their records, under ``results/<study>/set-aside/<time>``; nothing is deleted."""
    folder = Path(plan.layout.aside) / time.strftime("%Y%m%d-%H%M%S")
    for item in outputs:
        for path in item.files:
            target = folder / os.path.relpath(path, plan.layout.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
    return folder


def describe(outputs: list[Outdated]) -> list[str]:
    """One line per stage and reason: how many outputs, and the first of them that the reason is about."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for item in outputs:
        grouped.setdefault((item.job.stage, item.reason), []).extend(item.wrong)
    return [
        f"{stage}: {len(paths)} output{'s' if len(paths) > 1 else ''} ({paths[0]}"
        f"{', ...' if len(paths) > 1 else ''}) {reason}"
        for (stage, reason), paths in grouped.items()
    ]
