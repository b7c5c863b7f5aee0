"""The manifest of a study: which volumes are used, and how they are split.

No numerical library is imported here, because the job graph is built from the manifest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mrisr.errors import InputError, suggestion

from .files import volume_files, why_unreadable
from .ranges import parse_range
from .row import AXES, KINDS, NAME_LENGTH, ROLES, SPLITS, Volume, why_no_path

__all__ = ["COLUMNS", "Volume", "quota", "read_manifest"]

COLUMNS = ("subject", "path", "split", "group", "lr_path", "lr_kind", "mask", "mask_kind", "axis", "slices", "kind")
COLUMNS += ("licence", "origin")
REQUIRED = ("subject", "path", "split")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_Row = tuple[int, dict[str, str]]


def read_manifest(path: str | Path, *, allow_leakage: bool = False) -> list[Volume]:
    """Read a manifest: a TSV file with a header. ``#`` begins a comment; empty and missing cells mean the default.

    Parameters
    ----------
    path : path
        Paths in the file are relative to the current directory. Whether those files exist is not checked here.
    allow_leakage : bool
        Permit one subject, or one file, in several splits. Each row of such a subject is then its own volume. The row
        of the last split keeps the name; the earlier ones are called ``<subject>.train`` and ``<subject>.validation``.

    Returns
    -------
    list of Volume
        In the order of the file. The first test group in it is the primary one.

    Raises
    ------
    InputError
        All problems of the file, one line each: ``file:line: problem``.
    """
    rows, problems = _rows(path)
    for number, cells in rows:
        problems += [(number, problem) for problem in _cell_problems(cells)]
    if not problems:
        problems = list(_row_problems(rows, allow_leakage))
    if problems:
        raise InputError(*(f"{path}:{number}: {problem}" for number, problem in sorted(problems, key=lambda p: p[0])))
    volumes = [_volume(cells) for _, cells in rows]
    return _distinct(volumes) if allow_leakage else volumes


def quota(total: int, subjects: Sequence[str]) -> dict[str, int]:
    """Share ``total`` slices out evenly over subjects; the first ones take the remainder.

    Raises
    ------
    InputError
        There are more subjects than slices, so one subject would give none.
    """
    if total < len(subjects):
        raise InputError(
            f"slices.count: {total} slices cannot be shared out over {len(subjects)} subjects "
            f"({', '.join(subjects)}); give at least one a subject"
        )
    share, rest = divmod(total, len(subjects))
    return {subject: share + (position < rest) for position, subject in enumerate(subjects)}


def _rows(path: str | Path) -> tuple[list[_Row], list[tuple[int, str]]]:
    """Every row as its line number and its non-empty cells by column; and the problems of the table's form."""
    lines = [(number, line) for number, line in _lines(path) if line.strip() and not line.startswith("#")]
    if not lines:
        raise InputError(f"{path}: is empty; its first line names the columns: {', '.join(COLUMNS)}, separated by tabs")
    number, header = lines[0]
    columns = [name.strip() for name in header.split("\t")]
    problems = [(number, problem) for problem in _header_problems(columns)]
    if problems:
        raise InputError(*(f"{path}:{number}: {problem}" for number, problem in problems))
    if len(lines) == 1:
        raise InputError(f"{path}: names no volume; below the header each line is one")
    rows = []
    for number, line in lines[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        if any(cells[len(columns) :]):
            problems.append((number, f"has {len(cells)} cells, the header has {len(columns)} columns"))
        rows.append((number, {name: cell for name, cell in zip(columns, cells, strict=False) if cell}))
    return rows, problems


def _lines(path: str | Path) -> Iterator[tuple[int, str]]:
    try:
        if problem := why_unreadable(path):
            raise InputError(f"{path}: {problem}; give the path of a manifest")
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a manifest") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not a text file in UTF-8; save it as tab-separated text") from error
    # Not `splitlines`: it would also end lines at characters that a name may have.
    return enumerate(text.split("\n"), start=1)


def _header_problems(columns: list[str]) -> Iterator[str]:
    if len(columns) == 1 and columns[0] not in COLUMNS:
        yield f"has one column '{columns[0]}'; separate the columns by tabs"
        return
    for name in dict.fromkeys(columns):
        if name not in COLUMNS:
            yield f"there is no column '{name}' ({suggestion(name, COLUMNS)})"
        elif columns.count(name) > 1:
            yield f"the column '{name}' stands there {columns.count(name)} times; name it once"
    for name in REQUIRED:
        if name not in columns:
            yield f"the column '{name}' is missing"


def _cell_problems(cells: dict[str, str]) -> Iterator[str]:
    subject = cells.get("subject", "?")
    for name in REQUIRED:
        if name not in cells:
            yield f"subject '{subject}': its {name} is missing" if name != "subject" else "its subject is missing"
    for name in ("subject", "group"):
        if name in cells and not _NAME.fullmatch(cells[name]):
            yield f"{name} '{cells[name]}': use letters, digits, '.', '_' and '-' only, first a letter or digit"
        elif len(cells.get(name, "")) > NAME_LENGTH:
            yield f"{name} '{cells[name][:20]}...': has {len(cells[name])} characters; use at most {NAME_LENGTH}"
    for name, kind in ROLES.items():
        if problem := why_no_path(cells.get(name, "")):
            yield f"subject '{subject}': {name} {cells[name]!r}: {problem}"
        if kind in cells and not _is_kind(cells[kind]):
            yield f"subject '{subject}': {kind} {cells[kind]!r} ({suggestion(cells[kind], KINDS)})"
        elif kind in cells and name not in cells and name not in REQUIRED:
            yield f"subject '{subject}': {kind} is set and {name} is empty; name the volume there, or empty {kind} too"
    if cells.get("split", SPLITS[0]) not in SPLITS:
        yield f"subject '{subject}': split '{cells['split']}' ({suggestion(cells['split'], SPLITS)})"
    if cells.get("axis", AXES[0]) not in AXES:
        yield f"subject '{subject}': axis '{cells['axis']}' ({suggestion(cells['axis'], AXES)})"
    try:
        parse_range(cells.get("slices"))
    except InputError as error:
        yield f"subject '{subject}': slices {error}"


def _is_kind(text: str) -> bool:
    family, _, choice = text.partition(":")
    chooses = {"dicom": choice, "bids": choice.strip("/"), "pictures": choice.removeprefix("!")}
    return text in KINDS or bool(chooses.get(family))


def _row_problems(rows: Iterable[_Row], allow_leakage: bool) -> Iterator[tuple[int, str]]:
    """Subjects named twice, and leakage: subjects or files in two splits."""
    subjects: dict[str, list[_Row]] = {}
    sources: dict[tuple, _Row] = {}
    for number, cells in rows:
        subject, split = cells["subject"], cells["split"]
        for earlier, other in subjects.setdefault(subject, []):
            if other["split"] == split:
                yield number, f"subject '{subject}' stands in the split '{split}' already, in line {earlier}"
            elif not allow_leakage:
                yield number, _leak(f"subject '{subject}'", split, earlier, other)
        named = [sources.setdefault(one, (number, cells)) for one in _sources(Path(cells["path"]), cells.get("kind"))]
        for earlier, other in named:
            if other["split"] != split and other["subject"] != subject and not allow_leakage:
                yield number, _leak(f"subject '{subject}': its file {cells['path']}", split, earlier, other)
                break
        subjects[subject].append((number, cells))


def _sources(path: Path, kind: str | None) -> list[tuple]:
    """What two rows share if they name the same image, or the same picture, however they write its path and kind."""
    family, _, choice = (kind or "").partition(":")
    try:
        if path.is_dir() and not why_unreadable(path):
            files = volume_files(path, kind)
            if len(files) == 1 or (files and family in ("", "pictures")):
                return [(_file(file), "") for file in files]
        return [(_file(path), choice)]
    except OSError:
        return [(os.path.realpath(path), choice)]


def _file(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _leak(what: str, split: str, earlier: int, other: dict[str, str]) -> str:
    named = "" if f"'{other['subject']}'" in what else f" for subject '{other['subject']}'"
    return (
        f"{what} is in the split '{split}' and, in line {earlier}{named}, in '{other['split']}': the results would be "
        "too good; keep it in one split (allow_leakage: true in the study permits it, and every table says so)"
    )


def _volume(cells: dict[str, str]) -> Volume:
    paths = {name: Path(cells[name]) for name in ROLES if name in cells}
    return Volume(**(cells | paths))


def _distinct(volumes: list[Volume]) -> list[Volume]:
    """Give the rows of a subject in several splits different names, because files are named after volumes."""
    last = {v.subject: v.split for v in sorted(volumes, key=lambda v: SPLITS.index(v.split))}
    named = [v if v.split == last[v.subject] else replace(v, subject=f"{v.subject}.{v.split}") for v in volumes]
    names = [v.subject for v in named]
    for volume in named:
        if names.count(volume.subject) > 1:
            raise InputError(f"subject '{volume.subject}': another subject has this name; rename one of them")
    return named
