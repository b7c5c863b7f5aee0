"""Writes the report of a study, by Snakemake."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError

from .scaling import scale_pictures


def run(
    reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str, study: str
) -> None:
    """Have Snakemake write the report from the results that exist. It runs no job and locks nothing.

    ``study`` is the file of the study as it ran.

    Raises
    ------
    InputError
        Snakemake failed. Its own message above says why.
    """
    snakemake = [sys.executable, "-P", "-m", "snakemake"]  # -P: import no folder of that name from here
    options = ["--nolock", "--cores", "1", "--configfile", study, "--report", writes["report"], "results"]
    if subprocess.run([*snakemake, *options]).returncode:
        raise InputError("report: Snakemake could not write it, for the reason above; run snakemake again")
    width = scale_pictures(Path(writes["report"]))
    if width is not None:
        print(f"report: its pictures are at most {width} pixels wide, or it would be too large; see figures/ for all")
