"""The archive of an artifact: a ZIP file whose bytes follow from its content alone.

Nothing in it is compressed, because another version of zlib would give other bytes. All files have the same time and
permissions, and stand in the order of their names.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from mrisr.files import replacing, sha256

TIME = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP file can name."""
PERMISSIONS = 0o100644
CHUNK = 2**20


def write(path: str | os.PathLike, content: Mapping[str, bytes | Path]) -> None:
    """Write an archive by rename.

    Parameters
    ----------
    path : path
    content : mapping
        For each name in the archive the bytes, or the file that has them.
    """
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content):
            _add(archive, name, content[name])


def digest(content: bytes | Path) -> str:
    """SHA-256 of a part of an archive."""
    return hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else sha256(content)


def _add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    entry = zipfile.ZipInfo(name, TIME)
    entry.create_system = 3
    entry.external_attr = PERMISSIONS << 16
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    # The size is told beforehand, so the same file gets the same header whatever its size is.
    entry.file_size = content.stat().st_size
    with open(content, "rb") as file, archive.open(entry, "w") as target:
        while chunk := file.read(CHUNK):
            target.write(chunk)
