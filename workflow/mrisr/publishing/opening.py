"""Open an artifact that somebody else made. Nothing of it is run, and nothing is written outside of one new folder.

An archive may hold files only: no links, no devices, no path that leads elsewhere, nothing compressed (a compressed
file may be a million times larger), and not more bytes than the archive itself has.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mrisr.errors import InputError

MOST = 200_000
"""Most files in an artifact."""
LONGEST = 1000
"""Longest name of a file, in characters."""
CHUNK = 2**20
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\\:]")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[Path, list[str]]]:
    """The folder of an artifact and the names of its files. An archive is unpacked into a temporary folder.

    Raises
    ------
    InputError
        The artifact is missing, is none, is cut short, or holds something that is not safe to unpack: one line each.
    """
    if path.is_dir():
        yield path, _of_folder(path)
        return
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(f"{path}: is neither a file nor a folder; give an artifact")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of an artifact") from error
    with tempfile.TemporaryDirectory(prefix="mrisr-artifact-") as folder:
        # Without links in it: the paths of what is read are compared with this one.
        target = Path(folder).resolve()
        yield target, _unpacked(path, target)


def _unpacked(path: Path, target: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _require_safe(path, entries)
            for entry in entries:
                _unpack(archive, entry, target)
            if archive.comment:
                raise InputError(f"{path}: has a comment; an artifact has none")
    except InputError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: is no complete ZIP archive ({_line(error)}); get it again") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be unpacked ({_line(error)})") from error
    return sorted(entry.filename for entry in entries)


def _require_safe(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST:
        raise InputError(f"{path}: has {len(entries)} files; an artifact has at most {MOST}")
    problems = [f"{path}: {_line(entry.orig_filename)}: {why}" for entry in entries if (why := _why_unsafe(entry))]
    problems += [f"{path}: {problem}" for problem in _names_that_meet([entry.filename for entry in entries])]
    size, total = os.path.getsize(path), sum(entry.file_size for entry in entries)
    if not problems and total > size:
        problems.append(f"{path}: says that it holds {total} bytes, but it has only {size} itself")
    if problems:
        raise InputError(*problems)


def _why_unsafe(entry: zipfile.ZipInfo) -> str | None:
    mode = stat.S_IFMT(entry.external_attr >> 16)
    if why := _why_no_name(entry.orig_filename):
        return why
    if mode not in (0, stat.S_IFREG):
        return "is a link, a device or another thing that is no file"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        return "is compressed, and an artifact is not; unpack it yourself if you trust it, and give the folder"
    return None


def _why_no_name(name: str) -> str | None:
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts:
        return "leads out of the archive"
    if "" in parts or "." in parts:
        return "is no file in a folder"
    if _ODD.search(name) or not name.isprintable():
        return "has a character that no name of an artifact has"
    if len(name) > LONGEST or max(len(part.encode()) for part in parts) > 255:
        return "is too long"
    return None


def _names_that_meet(names: list[str]) -> Iterator[str]:
    """Two files of one name, also on a file system that knows no capital letters, or a file that is a folder too."""
    seen: dict[str, str] = {}
    for name in names:
        if (folded := name.casefold()) in seen:
            yield f"{_line(name)}: has the same name as {_line(seen[folded])}"
        seen[folded] = name
    folders = {folder for name in seen for folder in _above(name)}
    yield from (f"{_line(seen[name])}: is a file and a folder" for name in seen.keys() & folders)


def _above(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    place = target / entry.filename
    place.parent.mkdir(parents=True, exist_ok=True)
    # "x": never through a link or over another file.
    with archive.open(entry) as source, open(place, "xb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)


def _of_folder(folder: Path) -> list[str]:
    """Names of the files below a folder that is an unpacked artifact."""
    names, problems = [], []
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                problems.append(f"{_line(path)}: is a link, a device or another thing that is no file")
            elif stat.S_ISREG(mode):
                names.append(path.relative_to(folder).as_posix())
        if len(names) > MOST:
            raise InputError(f"{folder}: has more than {MOST} files, so it is no artifact")
    if problems:
        raise InputError(*problems)
    return sorted(names)


def _line(text: object) -> str:
    """A text from elsewhere in one line that a terminal shows as it is."""
    return ascii(" ".join(str(text).split()))[1:-1][:200]
