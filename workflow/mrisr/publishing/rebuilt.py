"""Makes the documents and the explorer of an artifact again from what it contains, and compares them byte by byte."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from mrisr.errors import InputError
from mrisr.explorer import page
from mrisr.files import recorded
from mrisr.identity import code
from mrisr.study.config import StudyConfig
from mrisr.study.validation import parsed

from . import documents, repeating
from .contained import Artifact, DescribedJob

WRITERS = ("documents", "checklist", "citation")
ROWS = ("split", "group", "licence")
"""What both data.tsv and the job that checked the volumes say of a volume."""


def words(artifact: Artifact, note: Callable[[str], None]) -> Iterator[str]:
    """README, checklist, configuration, citation and the table of volumes are what the artifact's facts give."""
    modules = [f"mrisr.publishing.{name}" for name in WRITERS]
    if not _is_same(artifact, modules):
        note("not compared: README.md, checklist.md and .zenodo.json, which this program writes otherwise")
        return
    try:
        yield from _configuration(artifact, note)
        expected = _documents(artifact)
    except InputError as error:
        yield from error.problems
        return
    except Exception as error:  # whatever is missing or of another form
        yield f"checklist.md: cannot be made again from what the artifact contains ({type(error).__name__})"
        return
    for name, content in expected.items():
        if name in artifact.names and _bytes(artifact, name) != content:
            yield f"{name}: is not what the records and the source give{_line_of(artifact, name, content)}"
    yield from _versions(artifact)
    yield from _volumes(artifact)
    note(f"rebuilt: {', '.join(sorted(expected))}")


def _documents(artifact: Artifact) -> dict[str, bytes]:
    told = artifact.described.model_dump()
    resolved = parsed(_bytes(artifact, "configuration.yaml").decode(), source="configuration.yaml")
    records = [(job.stage, recorded.read(artifact.folder / job.record, dict) or {}) for job in artifact.jobs]
    cff = artifact.folder / "source/CITATION.cff"
    found = cff.read_bytes() if cff.is_file() else None
    return documents.documents(told, resolved, records, artifact.volumes, found)


def _line_of(artifact: Artifact, name: str, content: bytes) -> str:
    """The first line that differs, as the end of a sentence."""
    found, expected = (text.decode(errors="replace").splitlines() for text in (_bytes(artifact, name), content))
    pairs = zip([*found, ""], [*expected, ""], strict=False)
    number, (here, there) = next(((n, p) for n, p in enumerate(pairs, 1) if p[0] != p[1]), (0, ("", "")))
    return f" (line {number}: {ascii(here)[1:-1][:80]!r}, not {ascii(there)[1:-1][:80]!r})" if number else ""


def _bytes(artifact: Artifact, name: str) -> bytes:
    return (artifact.folder / name).read_bytes()


def _configuration(artifact: Artifact, note: Callable[[str], None]) -> Iterator[str]:
    if not _is_same(artifact, code.closure(["mrisr.study.config"])):
        note("not compared: configuration.yaml; the keys of a study are others here")
        return
    told = parsed(_bytes(artifact, "study.yaml").decode(), source="study.yaml")
    content = documents.as_yaml(documents.configuration(StudyConfig(**told).resolved()))
    if content != _bytes(artifact, "configuration.yaml"):
        yield f"configuration.yaml: is not what study.yaml gives{_line_of(artifact, 'configuration.yaml', content)}"


def _is_same(artifact: Artifact, modules: Any) -> bool:
    try:
        return all(code.source(name, artifact.package).digest == code.source(name).digest for name in modules)
    except Exception:  # of source that is missing, or that Python cannot parse
        return False


def _versions(artifact: Artifact) -> Iterator[str]:
    """environment.txt names the versions with which the study ran."""
    lines = _bytes(artifact, "environment.txt").decode().splitlines() if "environment.txt" in artifact.names else []
    found = {_normal(name): version for name, _, version in (line.partition("==") for line in lines)}
    for name, version in artifact.described.versions.items():
        if lines and found.get(_normal(name), "").partition("+")[0] != version:
            yield f"environment.txt: does not name {name} {version}, with which the study ran"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _volumes(artifact: Artifact) -> Iterator[str]:
    """data.tsv says of a volume what the job that checked it was told."""
    told: dict[str, dict[str, Any]] = {}
    for job in artifact.jobs:
        if job.action == "mrisr.volumes.check" and job.settings is not None:
            told = {row["subject"]: row for row in job.settings.get("volumes", ())}
    for row in artifact.volumes:
        for name in ROWS:
            known = told.get(row["subject"], {}).get(name, row[name])
            if (known or "") != row[name]:
                yield f"data.tsv: the {name} of {row['subject']} is {row[name]!a}, and its check was told {known!a}"


def explorer(artifact: Artifact, note: Callable[[str], None]) -> Iterator[str]:
    """The explorer says what scores, findings, histories and records say. Its pictures are taken as they are."""
    for job in artifact.jobs:
        path = job.writes.get("explorer")
        if job.action != page.__name__ or path not in artifact.names:
            continue
        if others := repeating.other_modules(artifact, job):
            note(f"{path}: only its checksum was compared: {len(others)} of its modules are others here ({others[0]})")
        elif job.settings is None:
            note(f"{path}: only its checksum was compared: its settings name paths of another machine")
        else:
            yield from _explored(artifact, job, path, note)


def _explored(artifact: Artifact, job: DescribedJob, path: str, note: Callable[[str], None]) -> Iterator[str]:
    try:
        content = _bytes(artifact, path).decode()
        found = page.data_of(content)
        with contextlib.chdir(artifact.folder):
            told = page.told(job.reads, job.settings, identity=job.identity)
        expected = {**told, "pictures": found["pictures"]}
        same = page.page(expected) == content
    except InputError as error:
        yield f"{path}: cannot be made again ({' '.join(error.problems[0].split())[:160]})"
        return
    except Exception as error:  # of a page of another form
        yield f"{path}: cannot be made again ({type(error).__name__}: {ascii(str(error))[1:-1][:120]})"
        return
    note(f"rebuilt: {path}; its pictures are compared only if volumes are at hand (--volumes MANIFEST)")
    if not same:
        others = [part for part in expected if found.get(part) != _as_read(expected[part])]
        what = f"its {', '.join(others)}" if others else "its text or its scripts"
        ending = repeating.other_versions(artifact, job)
        yield f"{path}: {what} are not what scores, findings and records give{ending}"


def _as_read(value: Any) -> Any:
    return json.loads(json.dumps(value))
