"""What Snakemake itself remembers of an output, in its folder ``.snakemake``."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path

from mrisr.planning.job import Job

RECORDS = Path(".snakemake/metadata")
"""A file for each output: the rule's parameters when it was made."""
BEGUN = Path(".snakemake/incomplete")
"""A file for each output whose job has begun and not ended, or was killed."""
LONGEST = 254
"""Characters in a file's name, after which Snakemake goes on in a folder."""


def drop_stale_metadata(job: Job) -> None:
    """Drop what contradicts a current output: parameters of another identity, and marks of a job that began.

    Otherwise Snakemake would make again what another machine has made and was copied here, or what a job that outlived
    its Snakemake has finished. What Snakemake does not remember it takes as it is.
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
    """Where Snakemake keeps what it knows of an output: the path in base 64, as a file name or several."""
    code = urlsafe_b64encode(output.encode()).decode()
    *front, last = [code[start : start + LONGEST] for start in range(0, len(code), LONGEST)]
    return folder.joinpath(*(f"@{part}" for part in front), last)
