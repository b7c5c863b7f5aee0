"""The report, as the command line has Snakemake write it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mrisr.errors import InputError
from mrisr.job import Job


def write_report(study: Path, job: Job) -> None:
    """Call Snakemake, which alone writes reports; of what is there, so that nothing is run or locked by it.

    Raises
    ------
    InputError
        Snakemake has failed, and has said why.
    """
    snakemake = [sys.executable, "-P", "-m", "snakemake"]  # -P: not a folder of that name that lies here
    options = ["--nolock", "--cores", "1", "--configfile", str(study), "--report", job.writes["report"], "results"]
    if subprocess.run([*snakemake, *options]).returncode:
        raise InputError("report: Snakemake could not write it, for the reason above; run snakemake again")
