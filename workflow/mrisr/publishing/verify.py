"""Check an artifact that somebody else made: what it says of itself, and what of it can be repeated here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from mrisr.errors import InputError

from . import at_hand, checks, rebuilt, repeating, reported
from .contained import Artifact, read
from .opening import opened


def verify(
    path: Path,
    *,
    repeat: bool = True,
    volumes: Path | None = None,
    retrain: int = 0,
    other_hardware: bool = False,
    note: Callable[[str], None] = print,
) -> None:
    """Check an artifact, an archive or the folder that it was unpacked to. Nothing that it contains is run.

    Parameters
    ----------
    path : path
    repeat : bool
        Repeat the tables and figures, the documents and the explorer, and compare the report with them.
    volumes : path, optional
        A manifest of the study's volumes on this machine. With it, all evaluations are repeated.
    retrain : int
        Number of trainings to repeat, chosen at random.
    other_hardware : bool
        Scores may differ within `mrisr.publishing.tolerance`.
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
            problems += rebuilt.words(artifact, note)
            problems += rebuilt.explorer(artifact, note)
            problems += reported.compared(artifact, note)
            problems += repeating.repeated(artifact, repeating.from_contained(artifact), note)
            problems += _from_volumes(artifact, volumes, retrain, other_hardware, note)
    if problems:
        raise InputError(*dict.fromkeys(problems))
    note(f"{path}: nothing is wrong")


def _from_volumes(
    artifact: Artifact, volumes: Path | None, retrain: int, other_hardware: bool, note: Callable[[str], None]
) -> Iterator[str]:
    manifest = at_hand.of_file(volumes) if volumes is not None else at_hand.of_artifact(artifact)
    if manifest is not None:
        # Imported here, because it can run every stage.
        from .rerun import rerun

        yield from rerun(artifact, manifest, retrain=retrain, other_hardware=other_hardware, note=note)
    elif retrain:
        raise InputError("verify: a training needs volumes that the artifact does not contain; name them by --volumes")
    else:
        note("not repeated: evaluations and trainings, which need volumes (--volumes MANIFEST)")


def _read(path: Path, artifact: Artifact, note: Callable[[str], None]) -> Iterator[str]:
    yield from checks.archive_is_whole(path, artifact)
    yield from checks.files_are_known(artifact)
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
