"""Questions to SLURM's own programs."""

from __future__ import annotations

import subprocess

NEEDED = ("sbatch", "squeue", "sinfo", "scancel")
"""Programs that Snakemake's plugin and this package call."""


def ask(*command: str) -> tuple[int, str]:
    """Exit status and output of a program; if it failed, its error message."""
    try:
        done = subprocess.run(command, text=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        return 127, f"{command[0]} is not on PATH"
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} gave no answer in 60 s"
    return done.returncode, (done.stderr if done.returncode else done.stdout).strip()
