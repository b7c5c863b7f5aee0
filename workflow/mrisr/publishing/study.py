"""What an artifact says about the jobs of a study: each job with its record, without paths of this machine."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError
from mrisr.explorer import page
from mrisr.files.shortening import shortened
from mrisr.planning.currency import is_current
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan

UNTOLD = ("host",)
"""Entries of a record that name the machine."""


def finished(plan: Plan) -> list[Job]:
    """Every job of the study, with those that show the results of all others.

    Raises
    ------
    InputError
        Some outputs are missing or not current.
    """
    showing = [plan.job(name) for name, stage in plan.stages.items() if stage.SHOWS_ALL_OTHERS]
    order = {stage: place for place, stage in enumerate(plan.stages)}
    own = (job for job in (*plan.jobs(), *showing) if plan.stages[job.stage].IN_STUDY)
    # A plan lists its jobs in the order in which they were asked for, which differs between a verb and Snakemake.
    jobs = sorted(own, key=lambda job: (order[job.stage], job.record))
    if waiting := [job for job in jobs if not is_current(plan, job)]:
        first = next(iter(waiting[0].writes.values()))
        raise InputError(
            f"publish: {len(waiting)} of {len(jobs)} jobs have no current results (the first is {first}); "
            "run snakemake first"
        )
    return jobs


def require_shown(job: Job) -> None:
    """Raise `InputError` if a job's explorer shows records that others have replaced since."""
    if job.action != page.__name__:
        return
    path = job.writes["explorer"]
    try:
        shown = page.data_of(Path(path).read_text(encoding="utf-8"))["runs"]
        same = shown == json.loads(json.dumps(page.runs(job.reads, job.settings)))
    except (OSError, KeyError, ValueError):
        same = False
    if not same:
        raise InputError(f"publish: {path} shows older records than the results have; delete it and run snakemake")


def described(plan: Plan, job: Job, names: Mapping[str, str]) -> dict[str, Any]:
    """A job as plain data. ``settings`` is None if they name a path of this machine.

    ``names`` has the name of each volume by its path.
    """
    told = json.loads(json.dumps({"settings": job.settings, "needs": job.needs}, default=str))
    return {
        "stage": job.stage,
        "verb": plan.stages[job.stage].VERB,
        "wildcards": dict(job.wildcards),
        "identity": job.identity,
        "action": job.action,
        "modules": list(job.modules),
        "settings": told["settings"] if shortened(told["settings"]) == told["settings"] else None,
        "needs": told["needs"],
        "distributions": list(job.distributions),
        "reads": shortened(_named(json.loads(json.dumps(job.reads)), names)),
        "writes": dict(job.writes),
        "record": job.record,
        "published": sorted(plan.stages[job.stage].published(job)),
    }


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _named(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_named(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


def record(plan: Plan, job: Job, times: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """A job's record without the names and paths of this machine.

    The times of ``times`` are added as ``snakemake``, and the largest memory that Snakemake measured as ``megabytes``.
    """
    told = json.loads(Path(job.record).read_text(encoding="utf-8"))
    noted = next((times[path] for path in job.writes.values() if path in times), None)
    shown = {key: shortened(value) for key, value in told.items() if key not in UNTOLD}
    measured = _megabytes(Path(plan.stages[job.stage].timing(job)))
    return {
        **shown,
        **({"snakemake": list(noted)} if noted else {}),
        **({"megabytes": measured} if measured is not None else {}),
    }


def _megabytes(timing: Path) -> float | None:
    """The largest memory of a job; None if Snakemake did not measure it."""
    try:
        with open(timing, encoding="utf-8", newline="") as file:
            return max(float(row["max_rss"]) for row in csv.DictReader(file, delimiter="\t"))
    except (OSError, KeyError, TypeError, ValueError):
        return None
