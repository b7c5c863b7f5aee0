"""The jobs of a study as the actions of its crate, from the records that they left."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import crate


def described(
    study: str,
    jobs: Sequence[Mapping[str, Any]],
    records: Mapping[str, Any],
    volumes: Sequence[Mapping[str, Any]],
    files: Mapping[str, tuple[str, int]],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """The content of ro-crate-metadata.json.

    Parameters
    ----------
    study : str
    jobs : sequence
        The entries of jobs.json.
    records : mapping
        The record of each job by its path.
    volumes : sequence
        The rows of data.tsv.
    files : mapping
        SHA-256 and size of each file of the crate.
    versions : mapping
        Of ``mrisr``, ``python`` and ``snakemake``.
    """
    runs = [_run(job, records[job["record"]]) for job in jobs]
    digests = dict(_made(records)) | {name(row): row["sha256"] for row in volumes if not row["sha256"].startswith("{")}
    used = {path for run in runs for path in (*run.reads, *run.writes)}
    absent = {path: digests.get(path) for path in used - files.keys()}
    return crate.graph(study=study, files=files, absent=absent, runs=runs, versions=versions)


def name(row: Mapping[str, Any]) -> str:
    """What jobs and crate call a volume: its path would belong to the machine."""
    return row["contained"] or f"volumes/{row['subject']}/{row['role']}"


def _run(job: Mapping[str, Any], record: Mapping[str, Any]) -> crate.Run:
    began, ended = record.get("snakemake") or _times(record)
    return crate.Run(
        stage=job["stage"],
        verb=job["verb"],
        identity=job["identity"],
        wildcards=dict(sorted(job["wildcards"].items())),
        reads=sorted(set(_paths(job["reads"]))),
        writes=sorted(job["writes"].values()),
        began=began,
        ended=ended,
        command=shlex.join(record["command"]),
    )


def _times(record: Mapping[str, Any]) -> tuple[float, float]:
    """When a job began and ended, if Snakemake did not tell: it ended when it wrote its last output."""
    ended = max(output["stamp"][1] for output in record["outputs"].values()) / 1e9
    return ended - record["seconds"], ended


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _paths(part)


def _made(records: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each output of each job and its SHA-256."""
    for path, record in records.items():
        for output, told in record["outputs"].items():
            yield os.path.normpath(os.path.join(os.path.dirname(path), output)), told["sha256"]
