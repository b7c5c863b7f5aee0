"""Finds jobs in the queue that no Snakemake waits for any more."""

from __future__ import annotations

import os
import re

from .commands import ask

RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""End of the names that Snakemake's plugin gives to jobs: the UUID of the run."""


def jobs_of_this_folder() -> list[str]:
    """Numbers of the user's jobs that a Snakemake in this folder has submitted; none where there is no queue."""
    status, answer = ask("squeue", "--me", "--noheader", "--format=%A|%j|%Z")
    if status:
        return []
    rows = [line.split("|", 2) for line in answer.splitlines() if line.count("|") >= 2]
    here = os.path.realpath(".")
    return [number for number, name, folder in rows if RUN.search(name) and os.path.realpath(folder) == here]


def describe(jobs: list[str]) -> str:
    """A line about jobs of an earlier run, with the command that cancels them."""
    return (
        f"an earlier run in this folder has left {len(jobs)} job{'s' * (len(jobs) > 1)} in the queue; "
        f"their work will be done twice, which only costs time; `scancel {' '.join(jobs)}` cancels them"
    )
