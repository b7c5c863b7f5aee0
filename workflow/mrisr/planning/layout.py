"""Paths of files that belong to no single stage. A stage declares its own files itself."""

from __future__ import annotations

from pathlib import Path

_FOLD = "/fold"


def fold_folder(fold: int | None) -> str:
    """The wildcard ``fold_folder``: the folder of a fold in a path; empty for a job that is the same in all folds."""
    return "" if fold is None else f"{_FOLD}{fold}"


def fold_of(folder: str) -> int | None:
    """The fold that a wildcard ``fold_folder`` names."""
    return int(folder.removeprefix(_FOLD)) if folder else None


class Layout:
    """Folders and files of one study."""

    def __init__(self, results: Path):
        self.root = results.as_posix()
        self.study = f"{self.root}/study.yaml"
        self.report = f"{self.root}/report.html"
        self.explorer = f"{self.root}/explorer.html"
        self.tables = f"{self.root}/tables"
        self.figures = f"{self.root}/figures"
        self.logs = f"{self.root}/logs"
        self.timings = f"{self.root}/timings"
        self.aside = f"{self.root}/set-aside"
