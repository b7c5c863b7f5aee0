"""Snakemake's lock on a folder: who holds it, and what to do about it.

The lock names only files, so the lock of a killed run looks like the lock of a live run. Looking at the processes of
this machine tells them apart.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import psutil

LOCKS = Path(".snakemake/locks")


def is_locked(root: str) -> bool:
    """Whether a run has locked files of the study with its results in ``root``. Runs of other studies do not count."""
    return any(line.startswith(f"{root}/") for path in LOCKS.glob("*.lock") for line in _lines(path))


def running() -> int | None:
    """Process id of another Snakemake in this folder on this machine, or None."""
    own = psutil.Process()
    # A wrapper that started this process has a command line like Snakemake's own.
    mine = {own.pid, *(process.pid for process in own.parents())}
    here = os.path.realpath(".")
    # Attributes that this user may not read are None.
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        about = process.info
        if about["pid"] not in mine and about["cwd"] == here and _is_snakemake(about["cmdline"] or []):
            return about["pid"]
    return None


def describe(root: str) -> str:
    """What the lock on a study means, in one sentence, with the command that clears it."""
    process = running()
    if process is not None:
        return f"{root} is being made by another snakemake in this folder (process {process}); wait for its end"
    return (
        f"{root} is locked by an earlier run, and no snakemake runs in this folder on {platform.node()}: unless one "
        "does on another machine, it was killed; `snakemake --unlock` clears its lock, then run again"
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _is_snakemake(words: Sequence[str]) -> bool:
    """Whether a command line is Snakemake's: the program, or a script of that name, or ``python -m snakemake``.

    A Snakemake that was started for a single job does not count: a cluster's jobs outlive a Snakemake that was killed.
    """
    if "--target-jobs" in words:
        return False
    return "snakemake" in {os.path.basename(word) for word in words[:2]} or list(words[1:3]) == ["-m", "snakemake"]
