"""The SLURM job that this process runs in, if any: its remaining time, and a requeue.

A requeued job keeps its number. Snakemake sees it wait, run and end, and does not count another attempt.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

PATIENCE = 300
"""Seconds to wait until SLURM ends this process after a requeue. It sends SIGTERM at once, and SIGKILL after KillWait
(30 s)."""


def seconds_left() -> float | None:
    """Seconds until SLURM ends the present job; None outside of a job, or in one without a limit."""
    answer = _ask("squeue", "--noheader", "--format=%L", "--jobs={job}")
    return None if answer is None else _seconds(answer.stdout.strip())


def requeue() -> None:
    """Requeue the present job and wait until SLURM ends this process. Returns if the job cannot be requeued."""
    answer = _ask("scontrol", "requeue", "{job}")
    if answer is None:
        return
    if answer.returncode:
        sys.stderr.write(f"SLURM cannot requeue this job: {answer.stderr.strip()}\n")
        return
    sys.stderr.write("SLURM requeues this job\n")
    sys.stderr.flush()
    # If the process ended by itself, the job could still count as failed.
    time.sleep(PATIENCE)


def _ask(*command: str) -> subprocess.CompletedProcess | None:
    """Run a command of SLURM about the present job; None outside of a job, or if SLURM's commands are missing."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return None
    try:
        return subprocess.run([word.format(job=job) for word in command], text=True, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None


def _seconds(time_left: str) -> float | None:
    """SLURM's ``[[days-]hours:]minutes:seconds`` in seconds; None for words such as ``UNLIMITED``."""
    match = re.fullmatch(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)", time_left)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(seconds + 60 * (minutes + 60 * (hours + 24 * days)))
