"""The source of the program, at its commit where Git knows one."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PARTS = (
    *("Snakefile", "config.yaml", "pyproject.toml", "README.md", "LICENSE", "CITATION.cff"),
    *("data/volumes.tsv", "data/sources.yaml", "workflow", "envs", "profiles", "docs", "tests"),
)
"""What belongs to the program where Git cannot say it."""


@dataclass(frozen=True)
class Source:
    """The files of the program.

    Attributes
    ----------
    files : dict
        Each file by its path below the root.
    links : dict
        The target of each symbolic link.
    commit : str or None
        The commit of the working tree.
    changed : list of str
        Files that differ from the commit.
    """

    files: dict[str, Path]
    links: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    changed: list[str] = field(default_factory=list)

    @property
    def executables(self) -> list[str]:
        """Files that are programs."""
        return sorted(name for name, path in self.files.items() if os.access(path, os.X_OK))


def read(root: Path) -> Source:
    """The source below a folder: what Git tracks there, or else the usual parts."""
    if (top := _git(root, "rev-parse", "--show-toplevel")) is None or Path(top.strip()).resolve() != root.resolve():
        return _sorted(root, (path for part in PARTS for path in _below(root / part)))
    tracked = [root / name for name in (_git(root, "ls-files", "-z") or "").split("\0") if name]
    commit = _git(root, "rev-parse", "HEAD")
    changed = [line[3:] for line in (_git(root, "status", "--porcelain", "-z") or "").split("\0") if line]
    return _sorted(root, tracked, commit=commit and commit.strip(), changed=sorted(changed))


def _sorted(root: Path, paths, **known) -> Source:
    found = sorted(path for path in paths if path.is_symlink() or path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in found}
    links = {name: os.readlink(path) for name, path in names.items() if path.is_symlink()}
    return Source({name: path for name, path in names.items() if name not in links}, links, **known)


def _below(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [file for file in path.rglob("*") if "__pycache__" not in file.parts and file.suffix != ".pyc"]


def _git(root: Path, *arguments: str) -> str | None:
    """What Git says; None if there is no Git, or the folder is none of its repositories."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], text=True, capture_output=True)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
