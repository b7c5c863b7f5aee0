"""Checks that the inputs of a job are what earlier jobs made."""

from __future__ import annotations

import os
from pathlib import Path

from mrisr.errors import InputError

from .job import Job
from .plan import Plan
from .records import read_record


def verified(plan: Plan, job: Job) -> list[str]:
    """SHA-256 of everything that a job reads, in the order in which it reads.

    An identity describes how a job's inputs are made, not the files on disk. An edited or damaged input would give
    wrong results under a right identity. So each input is compared with the record of the job that made it. Digests are
    remembered by size, inode and times of a file, like those of volumes.

    Raises
    ------
    InputError
        One line for each input that is missing, has no record, was made by another job, or is not what its job wrote.
    """
    makers = {path: maker for maker in plan.known() for path in maker.writes.values()}
    problems, digests, checked = [], [], {}
    for path in job.sources():
        if path not in checked:
            checked[path] = _problem(plan, path, makers.get(path))
            if checked[path]:
                problems.append(f"{job.stage}: its input {path} {checked[path]}")
        if not problems:
            digests.append(plan.subjects.digests(Path(path)))
    if problems:
        raise InputError(*problems)
    return digests


def _problem(plan: Plan, path: str, maker: Job | None) -> str | None:
    """What is wrong with an input; None if nothing is.

    A file that no job makes (a volume, a table of people's scores) is not checked, because it is part of the identity.
    """
    if not Path(path).exists():
        return "is missing; run the stage before"
    if maker is None or not plan.stages[maker.stage].IN_STUDY:
        return None
    record = read_record(maker.record)
    if record is None:
        return f"has no record that can be read ({maker.record}); run the stage before, or snakemake"
    if record.identity != maker.identity:
        return "was made by other code, settings or inputs; run snakemake again"
    made = record.outputs.get(os.path.relpath(path, Path(maker.record).parent))
    if made is None or plan.subjects.digests(Path(path)) != made.sha256:
        return "is not what its job wrote: it was edited or damaged; run snakemake again, which makes it again"
    return None
