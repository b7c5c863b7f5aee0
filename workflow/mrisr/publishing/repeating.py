"""Repeats jobs of an artifact, always with this program's own code, and compares what they write."""

from __future__ import annotations

import contextlib
import importlib
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from mrisr.errors import InputError
from mrisr.files import sha256
from mrisr.identity import NEUTRAL, code
from mrisr.planning.plan import stage_classes

from .contained import Artifact, DescribedJob, leaves

STAGES = dict(stage_classes())


def other_modules(artifact: Artifact, job: DescribedJob) -> list[str]:
    """Modules of a job that are others here than in the artifact."""
    return sorted(
        module
        for module in code.closure(job.modules) - NEUTRAL
        if artifact.described.modules.get(module) != code.source(module).digest
    )


def from_contained(artifact: Artifact) -> list[DescribedJob]:
    """Quick jobs that read nothing but files of the artifact."""
    return [
        job
        for job in artifact.jobs
        if job.stage in STAGES
        and STAGES[job.stage].QUICK
        and job.action == STAGES[job.stage].ACTION
        and job.settings is not None
        and set(job.writes.values()) <= set(artifact.names)
        and set(leaves(job.reads)) <= set(artifact.names)
    ]


def repeated(artifact: Artifact, jobs: list[DescribedJob], note: Callable[[str], None]) -> Iterator[str]:
    """Repeat jobs and name each output that is not what they write."""
    done = 0
    with tempfile.TemporaryDirectory(prefix="mrisr-again-") as folder:
        for job in jobs:
            if others := other_modules(artifact, job):
                note(f"not repeated: {job.name}: {len(others)} of its modules are others here ({others[0]}, ...)")
                continue
            done += 1
            yield from _compared(artifact, job, Path(folder))
    note(f"repeated: {done} jobs that make tables and figures")


def _compared(artifact: Artifact, job: DescribedJob, folder: Path) -> Iterator[str]:
    writes = {role: (folder / path).as_posix() for role, path in job.writes.items()}
    for path in writes.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.chdir(artifact.folder), contextlib.redirect_stdout(io.StringIO()):
            action = importlib.import_module(STAGES[job.stage].ACTION).run
            action(job.reads, writes, settings=job.settings, identity=job.identity)
    except InputError as error:
        yield f"{job.name}: cannot be repeated ({' '.join(error.problems[0].split())})"
        return
    except Exception as error:  # of settings that nobody has checked
        yield f"{job.name}: cannot be repeated ({type(error).__name__}: {ascii(str(error))[1:-1][:120]})"
        return
    for role, path in job.writes.items():
        if not Path(writes[role]).is_file() or sha256(writes[role]) != sha256(artifact.folder / path):
            yield f"{path}: is not what {job.name} makes of its inputs{other_versions(artifact, job)}"


def other_versions(artifact: Artifact, job: DescribedJob) -> str:
    """The end of a sentence: which libraries of a job are others here; empty if none is."""
    names = {*code.libraries(job.modules), *job.distributions}
    others = [
        f"{n} {artifact.version(n)}, here {code.version(n)}" for n in names if artifact.version(n) != code.version(n)
    ]
    return f" (made with {'; '.join(sorted(others))})" if others else ""
