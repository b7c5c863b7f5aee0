"""The jobs of a study as the actions of its crate, from the records that they left."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mrisr import __version__
from mrisr.code import version
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan

from . import crate, study


def described(
    plan: Plan,
    jobs: Sequence[Job],
    records: Mapping[str, Any],
    volumes: Sequence[Mapping[str, Any]],
    files: Mapping[str, tuple[str, int]],
) -> dict[str, Any]:
    """The content of ro-crate-metadata.json.

    ``records`` has the record of each job by its path, ``volumes`` the rows of data.tsv, ``files`` the SHA-256 and the
    size of each file of the crate.
    """
    names = {_path(plan, row): row["contained"] or _name(row) for row in volumes}
    runs = [_run(plan, job, records[job.record], names) for job in jobs]
    digests = dict(_made(records)) | {_name(row): row["sha256"] for row in volumes if not row["sha256"].startswith("{")}
    used = {path for run in runs for path in (*run.reads, *run.writes)}
    return crate.graph(
        study=plan.study.study,
        files=files,
        absent={path: digests.get(path) for path in used - files.keys()},
        runs=runs,
        versions={"mrisr": __version__, "python": platform.python_version(), "snakemake": version("snakemake")},
    )


def _run(plan: Plan, job: Job, record: Mapping[str, Any], names: Mapping[str, str]) -> crate.Run:
    # A record has no date. Its job ended when it wrote its last output.
    ended = max(output["stamp"][1] for output in record["outputs"].values()) / 1e9
    return crate.Run(
        stage=job.stage,
        verb=plan.stages[job.stage].VERB,
        identity=job.identity,
        wildcards=job.wildcards,
        reads=[names.get(path, study.shortened(path)) for path in job.inputs()],
        writes=sorted(job.writes.values()),
        began=ended - record["seconds"],
        ended=ended,
    )


def _made(records: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each output of each job and its SHA-256."""
    for path, record in records.items():
        for name, output in record["outputs"].items():
            yield os.path.normpath(os.path.join(os.path.dirname(path), name)), output["sha256"]


def _path(plan: Plan, row: Mapping[str, Any]) -> str:
    return str(getattr(plan.subjects.volume(row["subject"]), row["role"]))


def _name(row: Mapping[str, Any]) -> str:
    """What a volume is called that the crate does not contain. Its path would belong to the machine."""
    return f"volumes/{row['subject']}/{row['role']}"
