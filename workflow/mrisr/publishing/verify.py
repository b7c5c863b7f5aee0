"""Check an artifact that somebody else made: what it says of itself, and what of it can be repeated here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mrisr.errors import InputError

from . import checks, repeating
from .contained import Artifact, read
from .opening import opened


def verify(path: Path, *, repeat: bool = True, note: Callable[[str], None] = print) -> None:
    """Check an artifact, an archive or the folder that it was unpacked to. Nothing that it contains is run.

    Parameters
    ----------
    path : path
    repeat : bool
        Repeat the tables and figures.
    note : callable
        Called with one line for each thing that was checked, or could not be.

    Raises
    ------
    InputError
        One line for each thing that is wrong.
    """
    with opened(path) as (folder, names):
        problems = list(checks.checksums(folder, names))
        try:
            artifact = read(folder, names, path)
        except InputError as error:
            raise InputError(*problems, *error.problems) from error
        note(f"checksums: {len(names)} files")
        problems += _read(path, artifact, note)
        if repeat:
            problems += repeating.repeated(artifact, repeating.from_contained(artifact), note)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    note(f"{path}: nothing is wrong")


def _read(path: Path, artifact: Artifact, note: Callable[[str], None]) -> Iterator[str]:
    yield from checks.archive_is_whole(path, artifact)
    yield from checks.records(artifact)
    note(f"records: {len(artifact.jobs)} jobs")
    yield from checks.source(artifact)
    note(f"source: {artifact.described.identifiers.get('source', '')}")
    yield from checks.identities(artifact)
    if checks.comparable(artifact):
        told = [job for job in artifact.jobs if job.settings is not None]
        note(f"identities: {len(told)} of {len(artifact.jobs)} jobs")
    else:
        note(f"not compared: identities; they need Python {artifact.described.python.rpartition('.')[0]}")
    yield from checks.provenance_is_told(artifact)
    note("crate: compared with the records")
