"""Carries finished trainings between machines: an archive of the final states under results/checkpoints/."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from mrisr import arrays, files
from mrisr.errors import InputError
from mrisr.files import recorded
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan
from mrisr.study.places import CHECKPOINTS
from mrisr.training.checkpoints import DIGITS
from mrisr.training.sources import NAME as SOURCES

from . import archive, checks
from .documents import as_json
from .opening import opened
from .publish import SUMS

FORMAT, DESCRIBED = 1, "cache.json"
"""Version of the archive's form, and the file that says it."""
STATE = re.compile(rf"([0-9a-f]{{64}})/final-([0-9a-f]{{{DIGITS}}})\.safetensors")


def export(plan: Plan, path: Path, *, note: Callable[[str], None] = print) -> None:
    """Write the finished trainings of a study to an archive. The same trainings give the same bytes.

    Raises
    ------
    InputError
        No training of the study is finished.
    """
    found = {job.identity: states for job in _trainings(plan) if (states := _finished(CHECKPOINTS / job.identity))}
    if not found:
        raise InputError(f"cache: no training of the study '{plan.study.study}' is finished; run snakemake first")
    content: dict[str, bytes | Path] = {DESCRIBED: as_json({"format": FORMAT})}
    for identity, states in found.items():
        content |= {f"{identity}/{state.name}": state for state in states}
    sums = {name: archive.digest(part) for name, part in content.items()}
    content[SUMS] = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode()
    archive.write(path, content)
    note(f"{path}: {len(found)} finished trainings")


def import_(plan: Plan, path: Path, *, note: Callable[[str], None] = print) -> None:
    """Take over the finished trainings of an archive that jobs of a study ask for by their identity.

    A training that is finished here already stays as it is.

    Raises
    ------
    InputError
        One line for each thing that is wrong with the archive. Nothing of it is then taken over.
    """
    wanted = {job.identity: job for job in _trainings(plan)}
    with opened(path) as (folder, names):
        if DESCRIBED not in names:
            raise InputError(
                f"{path}: is no archive of trainings: it has no {DESCRIBED}; 'mrisr cache export' writes one"
            )
        if problems := [*checks.checksums(folder, names), *_problems(folder, names)]:
            raise InputError(*(f"{path}: {problem}" for problem in problems))
        states = {match[1]: name for name in names if (match := STATE.fullmatch(name))}
        taken = [identity for identity in states if identity in wanted and not _finished(CHECKPOINTS / identity)]
        for identity in taken:
            _take(folder, states[identity])
    note(f"{path}: {len(taken)} of {len(states)} trainings taken over")
    if others := len(states.keys() - wanted.keys()):
        note(f"{others} are of other code, settings or volumes than those of the study '{plan.study.study}'")
    if known := len(states.keys() & wanted.keys()) - len(taken):
        note(f"{known} are finished here already")


def _trainings(plan: Plan) -> list[Job]:
    return [job for job in plan.jobs() if plan.stages[job.stage].RESUMABLE]


def _finished(folder: Path) -> list[Path]:
    """The finished state of a training and the record of its inputs; empty if it is not finished."""
    states, sources = sorted(folder.glob("final-*.safetensors")), folder / SOURCES
    whole = [state for state in states if files.sha256(state)[:DIGITS] == state.stem[-DIGITS:]]
    return [whole[0], sources] if whole and sources.is_file() else []


def _problems(folder: Path, names: list[str]) -> Iterator[str]:
    described = recorded.read(folder / DESCRIBED, dict[str, int])
    if described is None:
        yield f"{DESCRIBED}: is damaged"
    elif described.get("format", 0) > FORMAT:
        yield f"{DESCRIBED}: has a newer form than {FORMAT}; install a newer mrisr"
    states = [match for name in names if (match := STATE.fullmatch(name))]
    for match in states:
        name, identity, digits = match[0], match[1], match[2]
        if files.sha256(folder / name)[:DIGITS] != digits:
            yield f"{name}: is not the state that its name tells"
        try:
            arrays.load(folder / name, names=())
        except InputError as error:
            yield f"{name}: {error.problems[0].partition(': ')[2]}"
        if recorded.read(folder / identity / SOURCES, list[str]) is None:
            yield f"{identity}/{SOURCES}: is missing or damaged"
    identities = [match[1] for match in states]
    expected = {DESCRIBED, SUMS, *(match[0] for match in states), *(f"{name}/{SOURCES}" for name in identities)}
    yield from (f"{name!a}: is no part of an archive of trainings" for name in names if name not in expected)
    yield from (f"{name}: has two states" for name in sorted({n for n in identities if identities.count(n) > 1}))


def _take(folder: Path, state: str) -> None:
    """Copy a state, its inputs first: without them it would be taken for a state of other inputs."""
    for name in (f"{state.partition('/')[0]}/{SOURCES}", state):
        with files.replacing(CHECKPOINTS / name) as temporary:
            shutil.copyfile(folder / name, temporary)
