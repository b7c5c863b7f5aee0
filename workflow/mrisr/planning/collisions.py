"""Finds paths of a study that cannot all be files, before anything runs. Their names come from the user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mrisr.errors import InputError

LONGEST = 255
"""Longest part of a path that file systems allow, in bytes."""
TEMPORARY = len("..12345678.")
"""Number of bytes that `mrisr.files.replacing` adds to a file's name while it is written, besides a second suffix."""


def require_distinct(paths: Iterable[str]) -> None:
    """Raise `InputError` unless all paths can be files at once, one line for all of them.

    No path may occur twice, be a folder of another one, or have a part that is too long. Letter case makes no
    difference: on macOS and Windows ``A`` and ``a`` are one file, and a study means the same everywhere.
    """
    problems = list(dict.fromkeys(_problems(paths)))
    if problems:
        # Two names that collide give many paths that collide.
        more = f" ({len(problems) - 1} more such paths)" if len(problems) > 1 else ""
        raise InputError(problems[0] + more)


def _problems(paths: Iterable[str]) -> Iterator[str]:
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    within: dict[str, str] = {}
    for path in paths:
        key = path.casefold()
        if key in files:
            yield _both(files[key], path)
            continue
        files[key] = path
        folder, _, name = path.rpartition("/")
        suffix = name.rpartition(".")[2]
        if len(name.encode()) + TEMPORARY + len(suffix.encode()) > LONGEST:
            yield f"{path}: its name is too long for a file; choose shorter names"
        while folder:
            key = folder.casefold()
            if key in folders:
                # If a folder is known, all folders above it are known too.
                if folders[key] != folder:
                    yield _both(folders[key], folder)
                break
            folders[key], within[key] = folder, path
            above, _, name = folder.rpartition("/")
            if len(name.encode()) > LONGEST:
                yield f"{folder}: its name is too long for a folder; choose shorter names"
            folder = above
    for path in files.keys() & folders.keys():
        yield f"{files[path]} would be a file and the folder of {within[path]}; choose other names"


def _both(one: str, other: str) -> str:
    if one == other:
        return f"{one} would be written twice; choose other names"
    return f"{one} and {other} are one on macOS and Windows; choose names that differ in more than letter case"
