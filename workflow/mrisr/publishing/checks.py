"""What of an artifact can be checked by reading it: checksums, records, source, identities, crate."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

from mrisr import arrays, files
from mrisr.errors import InputError
from mrisr.files import recorded
from mrisr.identity import code, identity

from . import archive, crate, provenance, tree
from .contained import Artifact, DescribedJob, leaves, sums
from .documents import as_json
from .publish import DESCRIBED, JOBS, SUMS

NAMES = (DESCRIBED, JOBS, SUMS, crate.NAME, "README.md", "checklist.md", "environment.txt", "study.yaml")
NAMES += ("configuration.yaml", "data.tsv", ".zenodo.json", "CITATION.cff")
"""Files of an artifact beside its source, results and volumes."""
HEXADECIMAL = set("0123456789abcdef")


def archive_is_whole(path: Path, artifact: Artifact) -> Iterator[str]:
    """The archive has the bytes that its files give: nothing is changed or added between them."""
    if path.is_dir():
        return
    again = artifact.folder.parent / f"{artifact.folder.name}.again"
    try:
        archive.write(again, {name: artifact.folder / name for name in artifact.names})
        if files.sha256(again) != files.sha256(path):
            yield f"{path}: the files in it are whole, but the bytes around them are not those of an artifact"
    finally:
        again.unlink(missing_ok=True)


def checksums(folder: Path, names: list[str]) -> Iterator[str]:
    """Every file is listed with its checksum, and every listed file is there."""
    listed = sums(folder)
    if SUMS not in names:
        yield f"{SUMS}: is missing"
    for name in sorted({*listed, *names} - {SUMS}):
        if name not in names:
            yield f"{_line(name)}: is missing"
        elif name not in listed:
            yield f"{_line(name)}: is not listed in {SUMS}"
        elif (found := files.sha256(folder / name)) != listed[name]:
            yield f"{_line(name)}: is changed (SHA-256 {found[:16]}..., listed as {listed[name][:16]}...)"


def files_are_known(artifact: Artifact) -> Iterator[str]:
    """Every file belongs to the source, to the results, or to what an artifact says of itself."""
    known = {*NAMES, *(row["contained"] for row in artifact.volumes)}
    for name in artifact.names:
        if name not in known and not name.startswith(("source/", "results/")):
            yield f"{_line(name)}: is no part of an artifact"


def records(artifact: Artifact) -> Iterator[str]:
    """Every job has its record, every output is what its job wrote, and there is no other result."""
    made = set()
    for job in artifact.jobs:
        made |= {job.record, *job.outputs()}
        record = artifact.record(job)
        if record is None:
            yield f"{_line(job.record)}: is missing or damaged, so nothing says what made its outputs"
            continue
        if record.identity != job.identity:
            yield f"{_line(job.record)}: has another identity than the job {_line(job.name)} in jobs.json"
        for path in job.outputs():
            told = record.outputs.get(os.path.relpath(path, os.path.dirname(job.record)))
            if path not in artifact.names:
                yield f"{_line(path)}: is missing"
            elif told is None:
                yield f"{_line(path)}: its record does not name it"
            elif files.sha256(artifact.folder / path) != told.sha256:
                yield f"{_line(path)}: is not what its job wrote"
            else:
                yield from _of_its_job(artifact, job, path)
    for name in artifact.names:
        if name.startswith("results/") and name not in made:
            yield f"{_line(name)}: no job of the study makes it"


def _of_its_job(artifact: Artifact, job: DescribedJob, path: str) -> Iterator[str]:
    """Arrays name the identity of their job."""
    if not path.endswith(".safetensors"):
        return
    try:
        _, metadata = arrays.load(artifact.folder / path, names=())
    except InputError as error:
        yield f"{_line(path)}: {_line(error).partition(': ')[2]}"
        return
    if metadata.get("identity") != job.identity:
        yield f"{_line(path)}: was made by another job than {_line(job.name)}"


def source(artifact: Artifact) -> Iterator[str]:
    """The source is the one that the artifact names, as a whole and module by module."""
    content = {
        name.removeprefix("source/"): (artifact.folder / name).read_bytes()
        for name in artifact.names
        if name.startswith("source/")
    }
    told = artifact.described
    found = tree.directory(content, executables=frozenset(told.executables), links=told.links)
    if found != told.identifiers.get("source"):
        yield f"source: is {found}, and artifact.json names {_line(told.identifiers.get('source'))}"
    for module, digest in told.modules.items():
        try:
            if code.source(module, artifact.package).digest != digest:
                yield f"source: the module {module} is not the one that ran"
        except Exception as error:  # of source that is missing, or that Python cannot parse
            yield f"source: the module {module} cannot be read ({type(error).__name__})"


def identities(artifact: Artifact) -> Iterator[str]:
    """The identity of each job follows from the contained source, its settings and what it needs."""
    if not comparable(artifact):
        return
    known = {job.identity for job in artifact.jobs} | set(leaves([row["sha256"] for row in artifact.volumes]))
    known |= {digest for row in artifact.volumes for digest in _digests(row["sha256"])} | set(
        sums(artifact.folder).values()
    )
    for job in artifact.jobs:
        for leaf in leaves(job.needs):
            if _is_digest(leaf) and leaf not in known:
                yield f"jobs.json: {_line(job.name)} needs {leaf[:16]}..., which nothing in the artifact has"
        if job.settings is None:
            continue
        try:
            found = _identity(artifact, job)
        except Exception as error:  # of source that is missing, or that Python cannot parse
            yield f"jobs.json: the identity of {_line(job.name)} cannot be computed ({type(error).__name__})"
            continue
        if found != job.identity:
            yield (
                f"jobs.json: the identity of {_line(job.name)} is not that of the contained source and settings "
                f"({found[:16]}..., not {job.identity[:16]}...)"
            )


def _identity(artifact: Artifact, job: DescribedJob) -> str:
    return identity(
        job.stage,
        job.settings,
        job.modules,
        job.needs,
        job.distributions,
        package=artifact.package,
        version_of=artifact.version,
    )


def comparable(artifact: Artifact) -> bool:
    """Whether this Python writes the trees of a source as the Python of the artifact did."""
    return artifact.described.python.split(".")[:2] == list(platform.python_version_tuple()[:2])


def provenance_is_told(artifact: Artifact) -> Iterator[str]:
    """The crate says what jobs, records and checksums say."""
    try:
        told = json.loads((artifact.folder / "jobs.json").read_text(encoding="utf-8"))
        kept = {job["record"]: recorded.read(artifact.folder / job["record"], dict) for job in told}
        listed = {name: digest for name, digest in sums(artifact.folder).items() if name != crate.NAME}
        known = {name: (digest, (artifact.folder / name).stat().st_size) for name, digest in listed.items()}
        versions = {"mrisr": artifact.described.mrisr, "python": artifact.described.python}
        versions["snakemake"] = artifact.described.versions["snakemake"]
        expected = provenance.described(artifact.described.study, told, kept, artifact.volumes, known, versions)
        same = as_json(expected) == (artifact.folder / crate.NAME).read_bytes()
    except Exception as error:  # whatever is missing or of another form
        yield f"{crate.NAME}: cannot be compared with the records ({type(error).__name__})"
        return
    if not same:
        yield from _not_as_described(artifact, known)
        yield f"{crate.NAME}: does not say what jobs.json, the records and {SUMS} say"


def _not_as_described(artifact: Artifact, known: Mapping[str, tuple[str, int]]) -> Iterator[str]:
    """The files that are other ones than those of the crate."""
    try:
        graph = json.loads((artifact.folder / crate.NAME).read_text(encoding="utf-8"))["@graph"]
        described = {part["@id"]: part["sha256"] for part in graph if "File" in part["@type"] and part["@id"][0] != "#"}
    except Exception:  # of a crate of another form, which the caller names
        return
    for name in sorted(described.keys() | known.keys()):
        if name not in known:
            yield f"{_line(name)}: is missing"
        elif name not in described:
            yield f"{_line(name)}: stands not in {crate.NAME}"
        elif described[name] != known[name][0]:
            yield f"{_line(name)}: is not the file that {crate.NAME} describes"


def _digests(text: str) -> list[str]:
    """The digests of a volume: one, or one for each of its files."""
    if not text.startswith("{"):
        return [text]
    try:
        return list(recorded.parse(text, dict[str, str]).values())
    except recorded.Unfit:
        return []


def _is_digest(leaf: object) -> bool:
    return isinstance(leaf, str) and len(leaf) == 64 and set(leaf) <= HEXADECIMAL


def _line(text: object) -> str:
    return ascii(" ".join(str(text).split()))[1:-1][:200]
