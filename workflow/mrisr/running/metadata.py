"""Snakemake's own metadata of outputs, in its folder ``.snakemake``."""

from __future__ import annotations

import contextlib
import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mrisr.planning.job import Job
from mrisr.planning.records import read_record

RECORDS = Path(".snakemake/metadata")
"""Folder with a file for each output, which holds the rule's parameters when it was made."""
BEGUN = Path(".snakemake/incomplete")
"""Folder with a file for each output whose job has begun but not ended, or was killed."""
LONGEST = 254
"""Greatest length of a file name. Snakemake splits longer names into folders."""


def drop_stale_metadata(job: Job) -> None:
    """Drop metadata that contradict a current output: parameters of another identity, and marks of an unfinished job.

    Otherwise Snakemake would remake outputs that were copied here from another machine, or finished by a job that
    outlived its Snakemake. Snakemake accepts outputs without metadata as they are; `complete` writes them again.
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


def complete(current: Mapping[str, str]) -> None:
    """Let Snakemake write the metadata that it lacks of current outputs.

    It lacks them after a kill, or if outputs were copied here. It then says so in every run. It knows what to write
    only when it asks whether it has them, so this takes the place of that question. The classes are found where
    Snakemake, which runs already, has put them.

    Parameters
    ----------
    current : mapping
        The record of its job, by the path of each current output.
    """
    module = sys.modules["snakemake.persistence"]
    has_metadata = module.PersistenceBase.has_metadata

    def has_them_now(persistence: Any, job: Any) -> bool:
        """Whether Snakemake has metadata of a job's outputs, after those of current ones were written."""
        lacking = [path for path in job.output if str(path) in current and not _is_known(module, persistence, path)]
        # A folder that cannot be written is no error.
        with contextlib.suppress(OSError):
            for path in lacking:
                persistence._write_record(str(path), _record(module, persistence, job, current[str(path)]))
        if lacking:
            persistence._clear_cache()
        return has_metadata(persistence, job)

    module.PersistenceBase.has_metadata = has_them_now


def _is_known(module: Any, persistence: Any, path: Any) -> bool:
    known = persistence.metadata(path)
    return known is not None and known.record_format_version == module.RECORD_FORMAT_VERSION


def _record(module: Any, persistence: Any, job: Any, made: str) -> Any:
    """What Snakemake writes at the end of a job, as far as its trigger, its report and an artifact read it."""
    end = os.path.getmtime(made)
    record = read_record(made)
    return module.MetadataRecord(
        rule=job.rule.name,
        input=persistence._input(job),
        log=persistence._log(job),
        params=persistence._params(job),
        code=persistence._code(job.rule),
        record_format_version=module.RECORD_FORMAT_VERSION,
        job_hash=hash(job),
        starttime=end - max(0.0, record.seconds if record else 0.0),
        endtime=end,
        incomplete=False,
    )


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
