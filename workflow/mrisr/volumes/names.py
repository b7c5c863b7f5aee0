"""What the name of a file tells: the kind of volume, and how it is compressed. Upper and lower case mean the same."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PurePath
from typing import NamedTuple

SUFFIXES = {
    ".nii": "nifti",
    ".nii.gz": "nifti",
    ".hdr": "analyze",
    ".img": "analyze",
    ".mgh": "mgh",
    ".mgz": "mgh",
    ".mnc": "minc",
    ".nrrd": "nrrd",
    ".nhdr": "nrrd",
    ".mha": "metaimage",
    ".mhd": "metaimage",
    ".dcm": "dicom",
    ".png": "pictures",
    ".jpg": "pictures",
    ".jpeg": "pictures",
    ".tif": "pictures",
    ".tiff": "pictures",
}
"""Kind of a file by the end of its name."""
COMPRESSIONS = {".gz": "gzip", ".mgz": "gzip", ".bz2": "bzip2", ".zst": "zstd"}
"""Compression of a whole file by the end of its name."""


class NamedFormat(NamedTuple):
    """What a name tells.

    ``stem`` is the name without its suffix, as it is written. ``suffix`` is in lower case, and includes the compression
    (``.nii.gz``, ``.img.gz``). ``kind`` is one of `SUFFIXES`, ``compression`` one of `COMPRESSIONS`; None if the name
    tells none.
    """

    stem: str
    suffix: str
    kind: str | None
    compression: str | None


def named_format(path: str | PurePath) -> NamedFormat:
    """The format that the name of a file tells."""
    name = PurePath(path).name
    inner, last = os.path.splitext(name)
    compression = COMPRESSIONS.get(last.lower())
    written = last
    if compression and last.lower() not in SUFFIXES:
        written = os.path.splitext(inner)[1] + last
    suffix = written.lower()
    return NamedFormat(name[: len(name) - len(written)], suffix, SUFFIXES.get(suffix), compression)


def named_kind(path: str | PurePath) -> str | None:
    """The kind that a file's name tells; None for a name that tells none."""
    return named_format(path).kind


def is_hidden(path: str | PurePath) -> bool:
    """Whether a name begins with a dot. macOS puts such a file (``._a.png``) beside each file of a foreign disk."""
    return PurePath(path).name.startswith(".")


def with_suffix(path: Path, suffix: str) -> Path:
    """A path with another suffix, in upper case if the path's own is."""
    told = named_format(path)
    written = path.name[len(told.stem) :]
    return path.with_name(told.stem + (suffix.upper() if written.isupper() else suffix))


def mixes_case(path: Path) -> bool:
    """Whether a known suffix has upper and lower case (``.Nii``), by which some libraries find no file."""
    told = named_format(path)
    written = path.name[len(told.stem) :]
    return bool(told.kind or told.compression) and written not in (written.lower(), written.upper())


def similar_paths(path: Path) -> list[Path]:
    """Paths that are there and differ from one that is not in case, in spaces around a name or in Unicode form only.

    macOS writes letters with accents in two parts (NFD), other systems in one (NFC). Both look the same. Only the first
    part of the path that is missing is compared.
    """
    missing = next((p for p in (path, *path.parents) if os.path.lexists(p.parent) and not os.path.lexists(p)), None)
    if missing is None:
        return []
    try:
        names = sorted(os.listdir(missing.parent))
    except OSError:
        return []
    return [missing.parent / name for name in names if _comparable(name) == _comparable(missing.name)]


def _comparable(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()
