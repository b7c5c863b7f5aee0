"""Outputs without permission to write, such as published results, which Snakemake would have to make again."""

from __future__ import annotations

import os
import sys
from typing import Any


def tell_protected(*, runs: bool) -> None:
    """Replace Snakemake's refusal of a read-only output that has to be made again.

    Snakemake ends with an error already when it lists jobs. With this, what only lists jobs writes nothing and is not
    refused, and a run ends with one line. The class is found where Snakemake, which runs already, has put it.
    """
    job = sys.modules["snakemake.jobs"].Job
    job.check_protected_output = _refuse if runs else _accept


async def _accept(job: Any) -> None:
    """Nothing is written."""


async def _refuse(job: Any) -> None:
    for path in map(str, job.output):
        if os.path.exists(path) and not os.path.islink(path) and not os.access(path, os.W_OK):
            sys.exit(f"error: {path} is read-only and has to be made again; `chmod u+w {path}`, then run again")
