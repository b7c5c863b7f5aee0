"""Writes files by rename, so that a file is either complete or not there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RANDOM = "[a-z0-9_]{8}"
"""What `tempfile.mkdtemp` puts into a name."""
LOCK = ".lock"
"""File in a temporary folder on which its process holds a lock."""


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, and rename it to ``path`` if the block succeeds.

    The content is written to disk before the rename. On any error (a full disk, a signal turned into an exception) the
    temporary file is removed and ``path`` stays as it was.
    """
    path = Path(path)
    with temporary_folder(path.parent, f".{path.name}.") as folder:
        temporary = folder / path.name
        yield temporary
        _sync(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        _sync(path.parent)


@contextlib.contextmanager
def temporary_folder(parent: str | os.PathLike, prefix: str) -> Iterator[Path]:
    """Give a new folder in ``parent`` and remove it at the end.

    ``prefix`` begins its name. A process that is killed leaves its folder behind. The next process that asks for one of
    the same prefix removes it: while a process lives, on whichever machine, it holds a lock on a file in its own.
    """
    parent = Path(parent)
    parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(parent, prefix)
    folder, lock = _locked_folder(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked_folder(parent: Path, prefix: str) -> tuple[Path, int]:
    """A new folder, and the descriptor of its locked file."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
        try:
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:
            continue  # another process has removed it in the moment before it had this file
        # Some file systems have no locks. Then nobody can take the folder for abandoned either.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / LOCK).exists():
            return folder, lock
        os.close(lock)


def _remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove temporary folders of a prefix on which no process holds its lock."""
    form = re.compile(re.escape(prefix) + RANDOM)
    for entry in os.scandir(parent):
        if form.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            # It is locked, another user's, or removed by another process just now.
            with contextlib.suppress(OSError):
                _remove_unlocked(Path(entry.path))


def _remove_unlocked(folder: Path) -> None:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        folder.rmdir()  # its process was killed before it wrote anything
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write UTF-8 text by rename."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write JSON with sorted keys by rename. Equal values give equal bytes."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def sha256(path: str | os.PathLike) -> str:
    """Hexadecimal SHA-256 of a file's content, or of a folder's files (names and contents, in sorted order).

    Raises `OSError` for anything else: reading a FIFO or a device might never end.
    """
    path = Path(path)
    if path.is_dir():
        digest = hashlib.sha256()
        for member in sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(f"{member.relative_to(path).as_posix()}\0{sha256(member)}\n".encode())
        return digest.hexdigest()
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(f"{path}: is neither a file nor a folder")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
