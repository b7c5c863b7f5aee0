"""Finds the files of a volume without reading it. No numerical library is imported here."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path

from mrisr.errors import InputError

from ._bids import DESCRIPTION, choose_image
from .choices import Undecided
from .names import is_hidden, named_format, named_kind, with_suffix

_DATA_FILE = re.compile(rb"^(?:ElementDataFile\s*=|data ?file:)\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
_HEADER_BYTES = 100_000
PAIR = (".hdr", ".img", ".hdr.gz", ".img.gz")
"""Header and voxels of an Analyze pair."""
OF_SPM = ".mat"
"""Suffix of the affine that SPM keeps beside an Analyze pair, and that nibabel reads."""
OF_A_MASK = "_mask"
"""End of the name, without suffix, of a picture that is the mask of another one in its folder."""
ALL_BUT_MASKS, MASKS = f"pictures:!*{OF_A_MASK}.*", f"pictures:*{OF_A_MASK}.*"
_OF_THE_SYSTEM = ("/proc", "/sys")


def volume_files(path: str | Path, kind: str | None = None) -> list[Path]:
    """The files on which a volume's content depends.

    A header comes with its data files (.hdr and .img, .mhd, .nhdr). A BIDS folder stands for its one chosen image, any
    other folder for all of its files, or for the pictures that a pattern picks. Missing files are left out here;
    reading the volume reports them.
    """
    path = Path(path)
    family, _, choice = (kind or "").partition(":")
    if path.is_dir() and (family == "bids" or (kind is None and (path / DESCRIPTION).is_file())):
        try:
            return [choose_image(path, choice or None)]
        except InputError:
            return []
    if path.is_dir() and family == "pictures" and choice:
        return picked(path, choice)
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.is_file())
    return [file for file in dict.fromkeys([path, *_companions(path)]) if file.is_file()]


def picked(folder: Path, pattern: str = "") -> list[Path]:
    """The pictures of a folder whose names fit a pattern, sorted by name; with ``!`` before it, those that do not fit.

    ``*``, ``?`` and ``[...]`` are as in a shell. Upper and lower case differ. No pattern picks all pictures.
    Hidden files do not count.
    """
    shape = pattern.removeprefix("!") or "*"
    inside = (file for file in folder.iterdir() if not is_hidden(file))
    pictures = sorted(file for file in inside if named_kind(file) == "pictures" and file.is_file())
    return [file for file in pictures if fnmatchcase(file.name, shape) != pattern.startswith("!")]


def require_picked(folder: Path, pattern: str = "") -> list[Path]:
    """The same, for the slices of one volume.

    Raises
    ------
    Undecided
        The pattern picks no picture, or masks together with the slices they belong to.
    """
    found = picked(folder, pattern)
    if pattern and not found:
        raise Undecided(f"has no picture that '{pattern}' picks", [ALL_BUT_MASKS, MASKS, "pictures"])
    stems = {named_format(file).stem for file in found}
    for file in found:
        stem = named_format(file).stem
        if stem.endswith(OF_A_MASK) and stem.removesuffix(OF_A_MASK) in stems:
            raise Undecided(f"has masks beside the slices ({file.name})", [ALL_BUT_MASKS, MASKS])
    return found


def require_companions(path: Path) -> None:
    """Raise `InputError` if a file that a header names is missing or no plain file. A FIFO might never end."""
    for file in _companions(path):
        if not file.is_file():
            raise InputError(f"its data file {file.name} is missing or no plain file; put it where the header says")


def why_unreadable(path: str | Path) -> str | None:
    """Why an existing path cannot be opened as a volume or a table; None if it can, or if it does not exist.

    Reading a FIFO or a device might never end.
    """
    real = os.path.realpath(path)
    if any(os.path.commonpath([folder, real]) == folder for folder in _OF_THE_SYSTEM):
        return f"is none of your files but one of the system's ({real})"
    try:
        members = list(os.scandir(real)) if os.path.isdir(real) else []
    except OSError as error:
        return f"cannot be read ({error.strerror}); see to its permissions"
    odd = [entry.name for entry in members if os.path.exists(entry.path) and not _is_plain(entry.path)]
    if odd:
        return f"has something in it that is neither a file nor a folder ({min(odd)})"
    return None if _is_plain(real) or not os.path.exists(real) else "is neither a file nor a folder"


def _is_plain(path: str) -> bool:
    return os.path.isfile(path) or os.path.isdir(path)


def _companions(path: Path) -> list[Path]:
    suffix = named_format(path).suffix
    if suffix in PAIR:
        return [with_suffix(path, other) for other in (*PAIR, OF_SPM)]
    if suffix not in (".mhd", ".nhdr") or not path.is_file():
        return []
    with open(path, "rb") as file:
        header = file.read(_HEADER_BYTES)
    found = _DATA_FILE.search(header)
    if found is None:
        return []
    named = found.group(1).decode(errors="replace")
    if named.split(" ")[0].upper() == "LIST":
        lines = header[found.end() :].decode(errors="replace").splitlines()
        return [path.parent / line.strip() for line in lines if line.strip()]
    if "%" in named:
        pattern = re.sub(r"%\d*d", "*", named.split(" ")[0])
        return sorted(path.parent.glob(pattern)) if not Path(pattern).is_absolute() else []
    return [path.parent / named]
