"""Checks a cluster when Snakemake's workflow object knows which jobs would be submitted."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from mrisr.cluster.preflight import problems
from mrisr.cluster.queue import describe, jobs_of_this_folder
from mrisr.cluster.request import Request, request
from mrisr.planning.plan import stage_classes

from .lock import running

EXECUTOR = "slurm"


def check(workflow: Any) -> None:
    """Check before a run submits jobs: name jobs left by an earlier run, and stop if something is wrong.

    Raises
    ------
    SystemExit
        There are problems; the message has one line for each.
    """
    if workflow.executor_plugin.name != EXECUTOR:
        return
    requests = _requests(workflow)
    if workflow.executor_settings.partition_config:
        # The plugin then chooses a partition where none is named.
        requests = [asked for asked in requests if asked.partitions]
    sys.stderr.write(left_over())
    found = problems(requests, workflow.resource_settings.overwrite_resources)
    if found:
        sys.exit("\n".join(f"error: {problem}" for problem in found))


def warn(workflow: Any) -> None:
    """Warn after a dry run of everything that would stop the run. Without SLURM on this machine nothing is checked."""
    requests = [asked for asked in _requests(workflow) if asked.partitions or asked.accounts]
    if requests:
        for problem in problems(requests, workflow.resource_settings.overwrite_resources):
            sys.stderr.write(f"warning: {problem}\n")


def left_over() -> str:
    """A line about jobs that an earlier run in this folder left in the queue; empty if there are none."""
    jobs = jobs_of_this_folder() if running() is None else []
    return f"warning: {describe(jobs)}\n" if jobs else ""


def _requests(workflow: Any) -> list[Request]:
    """The requests of all jobs that would be submitted."""
    local = workflow._localrules
    # A dry run treats its jobs as finished. If there is no graph, Snakemake has failed with its own error.
    jobs = workflow.dag.needrun_jobs(exclude_finished=False) if workflow.dag else ()
    found = [request(job) for job in jobs if job.rule.name not in local]
    sections = {stage.RULE: stage.SECTION for _, stage in stage_classes()}
    return [replace(asked, section=sections.get(asked.rule)) for asked in found if asked is not None]
