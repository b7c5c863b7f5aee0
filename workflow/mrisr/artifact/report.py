"""The report, as Snakemake writes it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from mrisr.errors import InputError


def run(
    reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str, study: str
) -> None:
    """Call Snakemake, which alone writes reports, of what is there: nothing is run or locked by it.

    ``study`` is the file of the study as it ran.

    Raises
    ------
    InputError
        Snakemake has failed, and has said why.
    """
    snakemake = [sys.executable, "-P", "-m", "snakemake"]  # -P: not a folder of that name that lies here
    options = ["--nolock", "--cores", "1", "--configfile", study, "--report", writes["report"], "results"]
    if subprocess.run([*snakemake, *options]).returncode:
        raise InputError("report: Snakemake could not write it, for the reason above; run snakemake again")
