"""Paths of a study that cannot all be files: found before anything runs, for names come from a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from mrisr.errors import InputError

LONGEST = 255
"""Bytes of a part of a path: what file systems allow."""
TEMPORARY = len("..12345678")
"""What `mrisr.files.replacing` adds to a file's name while it is written, beside its suffix once more."""


def require_distinct(paths: Iterable[str]) -> None:
    """Raise `InputError` unless all paths can be files at once, a line a problem.

    No path may occur twice, be a folder of another one, or have a part that is too long. Letter case makes no
    difference: on macOS and Windows ``A`` and ``a`` are one file, and a study means the same everywhere.
    """
    problems = list(dict.fromkeys(_problems(paths)))
    if problems:
        raise InputError(*problems)


def _problems(paths: Iterable[str]) -> Iterator[str]:
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for path in paths:
        other = files.setdefault(path.casefold(), path)
        if other is not path:
            yield f"{_both(other, path)}; choose another name for one of what they are named after"
        name = PurePosixPath(path)
        if len(name.name.encode()) + TEMPORARY + len(name.suffix.encode()) > LONGEST:
            yield f"{path}: its name is too long for a file; choose shorter names"
        for folder in map(str, name.parents):
            first = folders.setdefault(folder.casefold(), path)
            # What lies above a folder that is known is known too.
            if first is not path and spelled.get(folder.casefold()) == folder:
                break
            if spelled.setdefault(folder.casefold(), folder) != folder:
                yield f"{_both(spelled[folder.casefold()], folder)}; choose names that differ in more than case"
                break
            if len(PurePosixPath(folder).name.encode()) > LONGEST:
                yield f"{folder}: its name is too long for a folder; choose shorter names"
    for path in files.keys() & folders.keys():
        yield f"{files[path]} would be a file and the folder of {folders[path]}; choose other names"


def _both(one: str, other: str) -> str:
    if one == other:
        return f"{one} would be written twice"
    return f"{one} and {other} differ by letter case alone, and are one on macOS and Windows"
