"""What ``mrisr check --results`` does."""

from __future__ import annotations

from pathlib import Path

from mrisr.errors import InputError
from mrisr.planning.records import verify_results
from mrisr.progress import Progress


def verify(folder: Path) -> None:
    """Compare every output below a folder with the record of its job.

    Raises
    ------
    InputError
        One line for each output that is missing, edited or damaged.
    """
    progress: list[Progress] = []

    def show(done: int, total: int) -> None:
        if not progress:
            progress.append(Progress(f"checking {folder}", total))
        progress[0].update(done)

    if problems := verify_results(folder, show):
        raise InputError(*problems)
    print(f"{folder}: every output is what its job wrote")
