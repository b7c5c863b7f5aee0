"""Write the artifact of a finished study."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mrisr import __version__
from mrisr.files import plain_yaml
from mrisr.files.shortening import shortened
from mrisr.identity import code
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan

from . import archive, crate, data, documents, provenance, source, study, tree
from .documents import as_json, as_yaml

FORMAT = 1
"""Version of the artifact's form. A program reads its own and older ones."""
DESCRIBED, JOBS, SUMS = "artifact.json", "jobs.json", "manifest-sha256.txt"
FOLDER = "artifact"


def publish(
    plan: Plan,
    *,
    root: Path = Path("."),
    with_volumes: bool = False,
    times: Mapping[str, tuple[float, float]] | None = None,
) -> Path:
    """Write ``results/<study>/artifact/<study>.zip`` and return its path. The same inputs give the same bytes.

    Parameters
    ----------
    plan : Plan
    root : path
        The root of the project.
    with_volumes : bool
        Also pass on the volumes whose licence allows it.
    times : mapping, optional
        When the job that wrote a path began and ended, in seconds since 1970, as Snakemake noted it.

    Raises
    ------
    InputError
        Results are missing or not current.
    """
    jobs = study.finished(plan)
    for job in jobs:
        study.require_shown(job)
    program, volumes = source.read(root), data.rows(plan, with_volumes=with_volumes)
    records = {job.record: study.record(plan, job, times or {}) for job in jobs}
    told = [study.described(plan, job, _names(plan, volumes)) for job in jobs]
    described = _artifact(plan, jobs, program)
    configuration = documents.configuration(plan.study)
    cff = program.files["CITATION.cff"].read_bytes() if "CITATION.cff" in program.files else None
    kept = [(job.stage, records[job.record]) for job in jobs]
    content: dict[str, bytes | Path] = {
        **_results(plan, jobs, records),
        **{f"source/{name}": path for name, path in program.files.items()},
        **_volumes(plan, volumes),
        DESCRIBED: as_json(described),
        "environment.txt": _environment(),
        "study.yaml": as_yaml(shortened(plain_yaml.parse(Path(plan.layout.study).read_text(encoding="utf-8")))),
        "configuration.yaml": as_yaml(configuration),
        **documents.documents(described, configuration, kept, volumes, cff),
        # In the order of the study: the columns and rows of tables follow the order of settings.
        JOBS: as_json(told, in_order=True),
        "data.tsv": data.table(volumes),
    }
    known = {name: _digest_and_size(part) for name, part in content.items()}
    crated = provenance.described(plan.study.study, told, records, volumes, known, _versions())
    content[crate.NAME] = as_json(crated)
    known[crate.NAME] = _digest_and_size(content[crate.NAME])
    content[SUMS] = "".join(f"{digest}  {name}\n" for name, (digest, _) in sorted(known.items())).encode()
    path = Path(plan.layout.root) / FOLDER / f"{plan.study.study}.zip"
    archive.write(path, content)
    return path


def _versions() -> dict[str, str]:
    """Versions of the software that ran the study."""
    return {"mrisr": __version__, "python": platform.python_version(), "snakemake": code.version("snakemake")}


def _names(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The name of each volume by its path."""
    return {str(getattr(plan.subjects.volume(row["subject"]), row["role"])): provenance.name(row) for row in rows}


def _results(plan: Plan, jobs: Sequence[Job], records: Mapping[str, Any]) -> dict[str, bytes | Path]:
    """Outputs that are published, and all records."""
    made = [Path(path) for job in jobs for path in plan.stages[job.stage].published(job).values()]
    return {path.as_posix(): path for path in made} | {path: as_json(told) for path, told in records.items()}


def _volumes(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> dict[str, Path]:
    held = [row for row in rows if row["contained"]]
    return {row["contained"]: Path(getattr(plan.subjects.volume(row["subject"]), row["role"])) for row in held}


def _artifact(plan: Plan, jobs: Sequence[Job], program: source.Source) -> dict[str, Any]:
    """The content of artifact.json: versions, and the identifiers of the source."""
    content = {path: file.read_bytes() for path, file in program.files.items()}
    folder = tree.directory(content, executables=frozenset(program.executables), links=program.links)
    identifiers = {"source": folder} | ({"commit": tree.revision(program.commit)} if program.commit else {})
    modules = sorted(code.closure({module for job in jobs for module in job.modules}))
    distributions = {name for job in jobs for name in job.distributions} | {*code.NUMERICAL.values(), "snakemake"}
    return {
        "format": FORMAT,
        "study": plan.study.study,
        "mrisr": __version__,
        "python": platform.python_version(),
        "versions": {name: code.version(name) for name in sorted(distributions)},
        "commit": program.commit,
        "changed": program.changed,
        "identifiers": identifiers,
        "links": program.links,
        "executables": program.executables,
        "modules": {module: code.source(module).digest for module in modules},
    }


def _digest_and_size(part: bytes | Path) -> tuple[str, int]:
    return archive.digest(part), len(part) if isinstance(part, bytes) else part.stat().st_size


def _environment() -> bytes:
    """Every installed package with its version."""
    found = {f"{d.name}=={d.version}" for d in importlib.metadata.distributions() if d.name}
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower)).encode()
