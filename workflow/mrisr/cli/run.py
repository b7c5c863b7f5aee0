"""Finds and runs the job of a verb. Every verb runs this way."""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mrisr.errors import InputError
from mrisr.planning.inputs import verified
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan
from mrisr.planning.records import Recorder
from mrisr.progress import Progress
from mrisr.stages.fetch import fetch_job
from mrisr.stages.stage import Stage
from mrisr.study.places import CHECKPOINTS
from mrisr.study.validation import load_study

INTERRUPTED = 75
"""Exit status of a job that stopped early and kept its state (EX_TEMPFAIL: call it again)."""


def run(
    study: Path,
    name: str,
    *,
    identity: str | None,
    threads: int | None = None,
    stop_after: float | None = None,
    **wildcards: Any,
) -> None:
    """Find a job of a study, check its identity, inputs and threads, and run it.

    Parameters
    ----------
    study : path
        The study's file.
    name : str
        The stage.
    identity : str, optional
        Identity that the job must have.
    threads : int, optional
        Threads that the job was given; they must be the stage's.
    stop_after : float, optional
        The job's time limit in minutes.
    **wildcards
        The wildcards that name the job. None for a wildcard that is not given.
    """
    run_planned(
        Plan(load_study(str(study))), name, identity=identity, threads=threads, stop_after=stop_after, **wildcards
    )


def run_planned(
    plan: Plan,
    name: str,
    *,
    identity: str | None,
    threads: int | None = None,
    stop_after: float | None = None,
    **wildcards: Any,
) -> None:
    """As `run`, for a study that is already planned."""
    stage, job = plan.stages[name], plan.job(name, **wildcards)
    plan.subjects.digests.save()
    _require_identity(job, identity)
    _require_possible(job, stage)
    sources = verified(plan, job)
    plan.subjects.digests.save()
    _require_threads(job, stage, threads)
    recorder, told = Recorder(job.identity), {"threads": stage.threads(job.wildcards)}
    with _gpu(stage, job) as taken, _resumable(stage):
        more = _act(job, **_progress(job, stage), **_state(job, stage, sources, stop_after)) or {}
    recorder.write(job.record, job.writes, **told, **more, **taken)


def run_fetch(subject: str, identity: str | None) -> None:
    """Fetch a built-in volume, which belongs to no study."""
    job = fetch_job(subject)
    _require_identity(job, identity)
    recorder = Recorder(job.identity)
    _act(job)
    recorder.write(job.record, job.writes, threads=1)


def _act(job: Job, **state: Any) -> dict[str, Any] | None:
    action = importlib.import_module(job.action).run
    return action(job.reads, job.writes, settings=job.settings, identity=job.identity, **job.context, **state)


def _require_identity(job: Job, identity: str | None) -> None:
    """Refuse to run a job whose identity differs from the planned one."""
    if identity is not None and identity != job.identity:
        raise InputError(
            f"{job.stage}: the code, the configuration or a volume has changed since this job was planned; "
            "run snakemake again"
        )


def _require_possible(job: Job, stage: Stage) -> None:
    if problems := list(stage.problems(job)):
        raise InputError(*problems)


def _require_threads(job: Job, stage: Stage, threads: int | None) -> None:
    """Refuse fewer threads than planned, because results would change. Snakemake gives fewer if cores are too few."""
    wanted = stage.threads(job.wildcards)
    if threads is not None and threads != wanted:
        raise InputError(
            f"{job.stage}: {stage.SECTION}.threads is {wanted}, but the job was given {threads}; "
            f"give snakemake at least {wanted} cores (-c{wanted}), or set {stage.SECTION}.threads to {threads}"
        )


@contextlib.contextmanager
def _gpu(stage: Stage, job: Job) -> Iterator[dict[str, Any]]:
    """Take a GPU for a stage that uses one. Yields the entry of the job's record that names it."""
    device = stage.device(job.wildcards)
    if device is None:
        yield {}
        return
    from mrisr.running.gpus import one_gpu

    with one_gpu(device) as gpu:
        yield {"gpu": gpu} if gpu else {}


def _progress(job: Job, stage: Stage) -> dict[str, Any]:
    """The argument ``progress`` for a stage that shows its progress."""
    label = " ".join([stage.DOING, *(str(value) for name, value in job.wildcards.items() if name not in _NOT_SHOWN)])
    return {"progress": lambda total, start: Progress(label, total, start=start)} if stage.DOING else {}


_NOT_SHOWN = {"scale", "kernel_seed", "fold", "seed"}
"""Wildcards that a line of progress leaves out."""


def _state(job: Job, stage: Stage, sources: Sequence[str], stop_after: float | None) -> dict[str, Any]:
    """Further arguments for an action that keeps its state."""
    if not stage.RESUMABLE:
        return {}
    from mrisr.training.sources import claim

    claim(CHECKPOINTS / job.identity, sources)
    return {"checkpoints": CHECKPOINTS, "deadline": _deadline(stop_after)}


def _deadline(stop_after: float | None) -> float | None:
    """When to stop, as a value of `time.monotonic`. It leaves time for a checkpoint before the job's time limit."""
    from .allocation import seconds_left

    if stop_after is None:
        return None
    limit, left = 60 * stop_after, seconds_left()
    return time.monotonic() + (limit if left is None else min(limit, left)) - min(120, limit / 10)


@contextlib.contextmanager
def _resumable(stage: Stage) -> Iterator[None]:
    """Exit with status `INTERRUPTED` if a job stopped and kept its state. If its time was up, requeue its SLURM job."""
    if not stage.RESUMABLE:
        yield
        return
    from mrisr.training.interruption import Interrupted

    from .allocation import requeue

    try:
        yield
    except Interrupted as stop:
        sys.stderr.write(f"{stop}\n")
        if stop.again:
            requeue()
        sys.exit(INTERRUPTED)
