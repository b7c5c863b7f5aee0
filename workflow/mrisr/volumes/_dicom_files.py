"""Finds the files of a folder that are DICOM images of one series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mrisr.errors import InputError

from ._dicom_header import read_header
from .choices import Undecided
from .names import is_hidden, named_kind

_FIRST_GROUPS = (0x0002, 0x0008)
_FIRST_ELEMENT = 0x0018
"""Data sets begin with group length, character set, image type or SOP class, all of which lie below."""
_FIRST_LENGTH = 1024
"""Greatest length of such an element's value, in bytes."""


def is_dicom_file(path: Path) -> bool:
    """Whether a file has the mark of a DICOM file or, as old exports do, begins with a data set's first element."""
    with open(path, "rb") as file:
        start = file.read(132)
    return start[128:] == b"DICM" or _begins_data_set(start)


def _begins_data_set(start: bytes) -> bool:
    for order in ("little", "big"):
        group, element = (int.from_bytes(start[at : at + 2], order) for at in (0, 2))
        if group in _FIRST_GROUPS and element <= _FIRST_ELEMENT and len(start) > 8:
            explicit = start[4:6].isalpha() and start[4:6].isupper()
            return explicit or (order == "little" and int.from_bytes(start[4:8], order) <= _FIRST_LENGTH)
    return False


def series_of(path: Path, series: str | None, limit: float) -> tuple[dict[Path, Any], list[str]]:
    """Headers by file, of one file or of one series in a folder; and notes on files that were left out.

    Raises
    ------
    InputError
        There is no image or no such series, none of several series is chosen, or a file is truncated.
    """
    if path.is_file():
        header = read_header(path, limit)
        if header is None:
            raise InputError("is a DICOM file without an image; name one with pixels, or a folder of them")
        return {path: header}, []
    found: dict[str, dict[Path, Any]] = {}
    other = []
    for file in sorted(p for p in path.iterdir() if p.is_file()):
        header = read_header(file, limit) if _is_meant(file) else None
        if header is None:
            other.append(file.name)
        else:
            found.setdefault(_series_name(header), {})[file] = header
    if not found:
        raise InputError("holds no DICOM image; name the folder whose files are DICOM")
    kinds = [f"dicom:{name}" for name in found]
    if series is None and len(found) > 1:
        raise Undecided(f"holds {len(found)} DICOM series", kinds)
    if series is not None and series not in found:
        raise Undecided(f"holds no DICOM series {series!r}", kinds)
    return found[series or next(iter(found))], _left_out(other)


def _series_name(header: Any) -> str:
    """The SeriesInstanceUID as a manifest can hold it; ``none`` if the file has none."""
    text = " ".join(str(header.get("SeriesInstanceUID") or "").split())
    return ascii(text)[1:-1].strip() or "none"


def _is_meant(file: Path) -> bool:
    if is_dicom_file(file):
        return True
    if named_kind(file) == "dicom" and not is_hidden(file):
        # A damaged file is refused: leaving it out would lose a slice.
        raise InputError(f"its file {file.name} is no DICOM file, or truncated; copy it again or move it away")
    return False


def _left_out(names: Sequence[str]) -> list[str]:
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return [f"files without a DICOM image left out: {len(names)} ({shown})"] if names else []
