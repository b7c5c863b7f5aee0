"""Snakemake's own metadata of outputs, in its folder ``.snakemake``."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

from mrisr.planning.job import Job

RECORDS = Path(".snakemake/metadata")
"""Folder with a file for each output, which holds the rule's parameters when it was made."""
BEGUN = Path(".snakemake/incomplete")
"""Folder with a file for each output whose job has begun but not ended, or was killed."""
LONGEST = 254
"""Greatest length of a file name. Snakemake splits longer names into folders."""


def drop_stale_metadata(job: Job) -> None:
    """Drop metadata that contradict a current output: parameters of another identity, and marks of an unfinished job.

    Otherwise Snakemake would remake outputs that were copied here from another machine, or finished by a job that
    outlived its Snakemake. Snakemake accepts outputs without metadata as they are.
    """
    for path in (*job.writes.values(), job.record):
        _place(BEGUN, path).unlink(missing_ok=True)
        record = _place(RECORDS, path)
        try:
            known = record.read_text(errors="replace")
        except OSError:
            continue
        if job.identity not in known:
            record.unlink(missing_ok=True)


def mark_incomplete(outputs: Iterable[str]) -> None:
    """Mark outputs as those of a job that has not ended, so that a dry run lists it."""
    for path in outputs:
        place = _place(BEGUN, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text('{"external_jobid": null}')


def _place(folder: Path, output: str) -> Path:
    """Where Snakemake keeps the metadata of an output: its path in base 64, as one or several file names."""
    code = urlsafe_b64encode(output.encode()).decode()
    *front, last = [code[start : start + LONGEST] for start in range(0, len(code), LONGEST)]
    return folder.joinpath(*(f"@{part}" for part in front), last)
