"""Identity of a job: one digest of everything that determines its results.

Snakemake's time stamps and its code trigger do not notice changes of imported modules or of content. An identity does.
It is the SHA-256 over a job's resolved settings, the syntax trees of the modules it needs, the versions of the
numerical libraries that these import, and the identities of the jobs whose outputs it reads.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from .. import files
from ..files import recorded
from .code import Sha256, closure, libraries, source, version

NEUTRAL = {"mrisr.errors", "mrisr.memory", "mrisr.progress", "mrisr.files.recorded"}
"""Modules that change no result: error messages, limits of memory, progress, and checks of recorded files."""


def identity(
    stage: str,
    settings: Mapping[str, Any],
    modules: Iterable[str],
    upstream: Mapping[str, str | list[str]],
    distributions: Iterable[str] = (),
    *,
    package: Path | None = None,
    version_of: Callable[[str], str] = version,
) -> str:
    """Digest of a job.

    Parameters
    ----------
    stage : str
        Name of the stage, e.g. ``train``.
    settings : mapping
        The job's own section of the configuration, resolved with defaults; anything that JSON can write.
    modules : names
        Modules the job runs (``mrisr.training.train``, ``mrisr.models.srcnn``). The modules they import are added.
    upstream : mapping
        Identities of the jobs whose outputs are read, by role.
    distributions : names
        Libraries beside the numerical ones whose versions change what the job writes.
    package : path
        Folder of the library, if it is not this one.
    version_of : callable
        Gives the version of a library by its name.
    """
    described = {
        "stage": stage,
        "settings": settings,
        "code": code_digest(frozenset(modules), package, version_of),
        "upstream": upstream,
        "distributions": {name: version_of(name) for name in sorted(distributions)},
    }
    return digest(described)


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


@functools.cache
def code_digest(
    modules: frozenset[str], package: Path | None = None, version_of: Callable[[str], str] = version
) -> str:
    """Digest of the modules, of everything they import from this library, and of the numerical libraries' versions."""
    needed = closure(modules, package)
    return digest(
        {
            "modules": {module: source(module, package).digest for module in sorted(needed - NEUTRAL)},
            "versions": {name: version_of(name) for name in libraries(modules, package)},
        }
    )


def _as_tuple(entry: Any) -> Any:
    return tuple(entry) if isinstance(entry, list) else entry


Remembered = Annotated[
    tuple[Annotated[list[int], Field(min_length=4, max_length=4)], Sha256], BeforeValidator(_as_tuple)
]
"""Size, inode, mtime and ctime of a file, and its digest."""


class ContentDigests:
    """SHA-256 of files, remembered by path, size, inode, mtime and ctime, so that a large volume is read once.

    If the remembered digests are lost, or two processes write them at once, files are only read once more.
    """

    def __init__(self, memory: Path):
        self.memory = memory
        self.known = recorded.read(memory, dict[str, Remembered]) or {}
        self.fresh = False

    def __call__(self, path: Path) -> str:
        """Digest of the file, or of a folder's files, at ``path``."""
        members = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        if path.is_dir():
            return digest({member.relative_to(path).as_posix(): self(member) for member in members})
        status = path.stat()
        stamp = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
        entry = self.known.get(os.path.abspath(path))
        if entry and entry[0] == stamp:
            return entry[1]
        value = files.sha256(path)
        self.known[os.path.abspath(path)] = (stamp, value)
        self.fresh = True
        return value

    def save(self) -> None:
        """Write the remembered digests if there are new ones. A folder that cannot be written is no error."""
        if self.fresh:
            try:
                files.write_json(self.memory, self.known)
            except OSError:
                return
            self.fresh = False
