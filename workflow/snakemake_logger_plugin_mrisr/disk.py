"""Checks whether a failed job had room to write. On a full disk its error message cannot reach its log."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

FULL = 32
"""MB (10^6 bytes) free, below which a file system counts as full."""
SCARCE = 1000
"""MB free, below which lack of room is suspected if a failed job's log does not say why. The job's half-written files
were removed when it failed, so there is some room again."""
SAID = ("No space left on device", "Disk quota exceeded")
"""The system's messages in a log when there is no room."""
ADVICE = "make room there or put the results elsewhere, then run the same command again"


def full(paths: Iterable[str], *, suspect: bool = False) -> list[str]:
    """One line for each file system of the paths on which there is no room.

    Parameters
    ----------
    paths : iterable of str
        What was to be written; it need not exist.
    suspect : bool
        Whether lack of room is suspected already, because of an empty log. Then a file system also counts if room is
        scarce, or if a small file cannot be written, for example because of a quota.
    """
    lines: dict[str, str] = {}
    for path in paths:
        folder = _existing(path)
        mount = _mount(folder)
        try:
            free = shutil.disk_usage(folder).free // 10**6
        except OSError:
            continue
        refusal = _refusal(folder) if suspect else None
        if mount not in lines and (free < (SCARCE if suspect else FULL) or refusal):
            why = f", and nothing can be written ({refusal})" if refusal else ""
            lines[mount] = f"disk: the file system {mount}, on which {path} lies, has {free} MB free{why}: {ADVICE}"
    return list(lines.values())


def says_full(lines: Iterable[str]) -> bool:
    """Whether the end of a log says that there was no room."""
    return any(phrase in line for line in lines for phrase in SAID)


def _existing(path: str) -> str:
    """The nearest folder above a path that exists."""
    folder = Path(path).absolute().parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return str(folder)


def _mount(folder: str) -> str:
    """The root of the file system that a folder lies on."""
    place = Path(os.path.realpath(folder))
    while not os.path.ismount(place) and place != place.parent:
        place = place.parent
    return str(place)


def _refusal(folder: str) -> str | None:
    """Why a small file cannot be written into a folder; None if it can."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(2**16))
            file.flush()
            # Some network file systems report a lack of room only now.
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return None
