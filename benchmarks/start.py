"""Processor time of each verb until its work begins, beside a bare start of Python that imports the same large library.

The verbs run in a finished tiny study. In the place of each action stands the import of its module, so the time is
that of the command line, of planning, of the check of the inputs, and of all imports.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.side_by_side import Row, alternate

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from project import Project

ROUNDS = 5
TORCH = {"train", "evaluate"}
"""Verbs whose work needs torch."""
UNTIL_WORK = """
import importlib, sys
import mrisr.cli.run as run
from mrisr.cli.main import main

def begin(job, **state):
    importlib.import_module(job.action)
    if job.stage in ("train", "evaluate"):
        import torch
    sys.stdout.flush()
    sys.exit(0)

run._act = begin
sys.argv[0] = "mrisr"
main()
"""


def rows() -> Iterator[Row]:
    """One row a verb. The unit is a start."""
    yield _row("--help", _python("-m", "mrisr.cli.main", "--help"), "pass")
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        done = project.snakemake("-c2", "-p")
        commands = dict(re.findall(r"Shell command: mrisr ((\w+) .*) > ", done.stdout + done.stderr))
        seen = set()
        for command, verb in commands.items():
            if verb not in seen:
                seen.add(verb)
                bare = "import torch" if verb in TORCH else "import numpy"
                yield _row(verb, _python("-c", UNTIL_WORK, *command.split(), project=project), bare)


def _row(verb: str, ours: Callable[[], float], bare: str) -> Row:
    return alternate("start", f"{verb}, beside '{bare}'", ours, _python("-c", bare), unit="start", rounds=ROUNDS)


def _python(*arguments: str, project: Project | None = None) -> Callable[[], float]:
    """A function that starts Python and gives the seconds of processor time that it took."""

    def start() -> float:
        before = _used()
        place = {"cwd": project.folder, "env": project.environment} if project else {"env": dict(os.environ)}
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **place)
        if done.returncode:
            sys.exit(f"{' '.join(arguments)[-200:]} failed:\n{done.stderr}")
        return _used() - before

    return start


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
