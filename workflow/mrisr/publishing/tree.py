"""Software Heritage identifiers of a folder and of a commit, computed here, without a network.

The identifier of a folder is that of Git's tree object. Source: the specification of SWHIDs, version 1.2
(ISO/IEC 18670), sections on contents, directories and revisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

FILE, EXECUTABLE, LINK, FOLDER = b"100644", b"100755", b"120000", b"40000"


def directory(
    content: Mapping[str, bytes], *, executables: frozenset[str] = frozenset(), links: Mapping[str, str] | None = None
) -> str:
    """``swh:1:dir:...`` of a folder.

    Parameters
    ----------
    content : mapping
        The bytes of each file by its path, with ``/`` between folders.
    executables : set of str
        Paths of the files that are programs.
    links : mapping
        The target of each symbolic link by its path.
    """
    entries = {path: (EXECUTABLE if path in executables else FILE, data) for path, data in content.items()}
    entries |= {path: (LINK, target.encode()) for path, target in (links or {}).items()}
    root: dict[str, Any] = {}
    for path, entry in entries.items():
        *folders, name = path.split("/")
        place = root
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = entry
    return f"swh:1:dir:{_tree(root).hex()}"


def revision(commit: str) -> str:
    """``swh:1:rev:...`` of a commit of Git."""
    return f"swh:1:rev:{commit}"


def _tree(folder: Mapping[str, Any]) -> bytes:
    entries = []
    for name, entry in folder.items():
        mode, digest = (FOLDER, _tree(entry)) if isinstance(entry, dict) else (entry[0], _object(b"blob", entry[1]))
        # Git sorts a folder as if its name ended in a slash.
        order = name.encode() + (b"/" if mode == FOLDER else b"")
        entries.append((order, mode + b" " + name.encode() + b"\0" + digest))
    return _object(b"tree", b"".join(entry for _, entry in sorted(entries)))


def _object(kind: bytes, data: bytes) -> bytes:
    # Git's identifiers are SHA-1. Nothing here relies on them against an attacker: every file has a SHA-256 too.
    return hashlib.sha1(kind + b" " + str(len(data)).encode() + b"\0" + data, usedforsecurity=False).digest()
