"""Whether Snakemake runs a study's jobs on this machine or elsewhere, as on the nodes of a cluster."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
from collections.abc import Sequence
from typing import Any

HERE = ("local", "dryrun", "touch", None)
"""Executors that run jobs on this machine, or nowhere."""
NAMING = ("--profile", "--executor", "-e")
"""Beginnings of options that may choose another one."""


def runs_elsewhere(workflow: Any, arguments: Sequence[str]) -> bool:
    """Whether jobs will run on other machines, or would, in a dry run.

    Snakemake knows its executor only after it has read the Snakefile. So its own parser is asked again, but only if an
    argument or the environment may name another executor than the local one.
    """
    if not workflow.is_main_process:
        return workflow.remote_exec
    if "SNAKEMAKE_PROFILE" not in os.environ and not any(word.startswith(NAMING) for word in arguments):
        return False
    parse = importlib.import_module("snakemake.cli").parse_args
    # It says again which profiles it uses.
    with contextlib.redirect_stderr(io.StringIO()):
        _, chosen = parse(list(arguments))
    return chosen.executor not in HERE
