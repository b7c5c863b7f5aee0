"""Snakemake's lock on a folder: whom it belongs to, and what to do about it.

The lock names files and nothing else, so a run that was killed leaves one that looks like that of a run that is going
on. Which of the two it is, the processes of this machine tell.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

LOCKS = Path(".snakemake/locks")
PROCESSES = Path("/proc")


def is_locked(root: str) -> bool:
    """Whether a run has locked files of the study whose results lie in ``root``; another study's run is no matter."""
    return any(line.startswith(f"{root}/") for path in LOCKS.glob("*.lock") for line in _lines(path))


def running() -> int | None:
    """Process id of another Snakemake in this folder on this machine, or None."""
    here, own = os.path.realpath("."), set(_ancestors())
    for folder in PROCESSES.glob("[0-9]*"):
        if int(folder.name) not in own and _is_snakemake(folder) and _link(folder / "cwd") == here:
            return int(folder.name)
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


def _is_snakemake(folder: Path) -> bool:
    """Whether a process is Snakemake: the program, or a script of that name, or ``python -m snakemake``.

    Not one that a Snakemake has started for a single job: a cluster's jobs outlive the Snakemake that was killed.
    """
    try:
        words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    if "--target-jobs" in words:
        return False
    return "snakemake" in {os.path.basename(word) for word in words[:2]} or words[1:3] == ["-m", "snakemake"]


def _link(path: Path) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _ancestors() -> Iterator[int]:
    """This process and those that have started it: a wrapper's command line looks like Snakemake's own."""
    process = os.getpid()
    while process > 1:
        yield process
        try:
            # The name in brackets may hold anything; the parent is the second field after it.
            process = int((PROCESSES / f"{process}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return
