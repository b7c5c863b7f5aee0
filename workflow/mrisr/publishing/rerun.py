"""Repeats evaluations and trainings of an artifact from volumes at hand, with this program's own code."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

from mrisr.cli.run import run_planned
from mrisr.errors import InputError
from mrisr.explorer import page
from mrisr.explorer.pictures import pictures
from mrisr.files import plain_yaml, sha256
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan
from mrisr.stages.scoring import Scoring
from mrisr.study.validation import load_study

from . import repeating, tolerance
from .contained import Artifact, DescribedJob


def rerun(
    artifact: Artifact, manifest: str, *, retrain: int, other_hardware: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """Score all models and baselines again, draw what shows slices, and train some models again.

    Parameters
    ----------
    artifact : Artifact
    manifest : str
        Text of a manifest with absolute paths.
    retrain : int
        Number of trainings, chosen at random.
    other_hardware : bool
        Scores may differ within `mrisr.publishing.tolerance`. Otherwise all bytes must be the same.
    note : callable

    Yields
    ------
    str
        A line for each output that is not what its job writes here.
    """
    with tempfile.TemporaryDirectory(prefix="mrisr-rerun-") as folder, contextlib.chdir(folder):
        _copy_results(artifact)
        try:
            plan = _planned(artifact, manifest)
        except InputError as error:
            yield from (f"study.yaml: cannot be planned with these volumes: {line}" for line in error.problems)
            return
        yield from _Rerun(artifact, plan, other_hardware, note).run(retrain)


def _copy_results(artifact: Artifact) -> None:
    for name in artifact.names:
        if name.startswith(artifact.results):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(artifact.folder / name, name)


def _planned(artifact: Artifact, manifest: str) -> Plan:
    Path("volumes.tsv").write_text(manifest, encoding="utf-8")
    try:
        told = plain_yaml.parse((artifact.folder / "study.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"it cannot be read ({error})") from error
    if not isinstance(told, dict) or told.get("study") != artifact.described.study:
        raise InputError(f"it is not the study '{artifact.described.study}' of artifact.json")
    study = Path(artifact.results) / "study.yaml"
    study.write_text(yaml.safe_dump({**told, "volumes": "volumes.tsv"}, sort_keys=False), encoding="utf-8")
    plan = Plan(load_study(str(study)))
    plan.jobs()
    return plan


class _Rerun:
    """The jobs of a study in a folder that has the results of the artifact."""

    def __init__(self, artifact: Artifact, plan: Plan, other_hardware: bool, note: Callable[[str], None]):
        self.artifact, self.plan, self.other_hardware, self.note = artifact, plan, other_hardware, note
        self.makers = {path: job for job in plan.known() for path in job.writes.values()}
        self.told = {job.record: job for job in artifact.jobs}
        self.checked: dict[str, bool] = {}

    def run(self, retrain: int) -> Iterator[str]:
        """What differs when evaluations, figures and ``retrain`` random trainings are repeated, a line each."""
        jobs = self.plan.jobs()
        contained = {job.record for job in repeating.from_contained(self.artifact)}
        scored = [job for job in jobs if isinstance(self.plan.stages[job.stage], Scoring)]
        drawn = [job for job in jobs if self.plan.stages[job.stage].QUICK and job.record not in contained]
        trained = [job for job in jobs if self.plan.stages[job.stage].RESUMABLE]
        chosen = random.SystemRandom().sample(trained, min(retrain, len(trained)))
        # Trainings are last, because evaluations and the explorer read the weights of the artifact.
        yield from self._group("evaluations", scored)
        yield from self._group("figures of slices", drawn)
        yield from self._pictures()
        yield from self._group("trainings", chosen)

    def _group(self, name: str, group: Sequence[Job]) -> Iterator[str]:
        count = 0
        for job in group:
            if (yield from self._is_planned_so(job)):
                yield from self._repeated(job)
                count += 1
        self.note(f"repeated: {count} of {len(group)} {name}")

    def _pictures(self) -> Iterator[str]:
        """Compare the pictures of the explorer. The rest of it has been compared without volumes."""
        for name, stage in self.plan.stages.items():
            job = self.plan.job(name) if stage.SHOWS_ALL_OTHERS and page.__name__ == stage.ACTION else None
            path = job and job.writes["explorer"]
            if path not in self.artifact.names or not (yield from self._is_planned_so(job)):
                continue
            yield from self._made(job)
            try:
                found = page.data_of(Path(path).read_text(encoding="utf-8")).get("pictures")
                same = json.loads(json.dumps(pictures(job.reads, job.settings))) == found
            except (InputError, ValueError) as error:
                yield f"{path}: its pictures cannot be compared ({' '.join(str(error).split())[:160]})"
                continue
            if same:
                self.note(f"repeated: the pictures of {path}")
            elif self.other_hardware:
                self.note(f"other bytes: the pictures of {path}")
            else:
                yield f"{path}: its pictures are not those that models and volumes give"

    def _is_planned_so(self, job: Job) -> Iterator[str]:
        """Whether a job, and all that it reads, has the identity that the artifact tells."""
        if job.record not in self.checked:
            self.checked[job.record] = True
            needed = {self.makers[path].record: self.makers[path] for path in job.sources() if path in self.makers}
            same = []
            for maker in needed.values():
                same.append((yield from self._is_planned_so(maker)))
            self.checked[job.record] = all(same) and (yield from self._is_told(job))
        return self.checked[job.record]

    def _is_told(self, job: Job) -> Iterator[str]:
        told = self.told.get(job.record)
        if told is None:
            yield f"study.yaml: asks for {job.record}, which is no job of the artifact"
            return False
        if told.identity == job.identity:
            return True
        if others := repeating.other_modules(self.artifact, told):
            self.note(f"not repeated: {told.name}: {len(others)} of its modules are others here ({others[0]}, ...)")
        elif others := repeating.other_versions(self.artifact, told):
            self.note(f"not repeated: {told.name}{others}; environment.txt names the versions to install")
        else:
            yield f"{told.name}: is not the job that study.yaml and these volumes give"
        return False

    def _made(self, job: Job) -> Iterator[str]:
        """Make what a job reads and is missing."""
        for path in job.sources():
            if path in self.makers and not os.path.exists(path):
                yield from self._repeated(self.makers[path])

    def _repeated(self, job: Job) -> Iterator[str]:
        """Run a job, and before it those whose outputs are missing."""
        yield from self._made(job)
        for path in (*job.writes.values(), job.record):
            Path(path).unlink(missing_ok=True)
        told = self.told[job.record]
        try:
            run_planned(self.plan, job.stage, identity=job.identity, **job.wildcards)
        except InputError as error:
            yield from (f"{told.name}: cannot be repeated ({line})" for line in error.problems)
            return
        yield from self._compared(job, told)

    def _compared(self, job: Job, told: DescribedJob) -> Iterator[str]:
        record = self.artifact.record(told)
        made = record.outputs if record else {}
        for path in job.writes.values():
            output = made.get(os.path.relpath(path, os.path.dirname(job.record)))
            if output is not None and output.sha256 == sha256(path):
                continue
            if not self.other_hardware:
                yield f"{path}: is not what {told.name} gives (with --other-hardware, {tolerance.SAID} would be enough)"
            elif path not in self.artifact.names or not tolerance.applies(path):
                self.note(f"other bytes: {path}")
            elif (problem := tolerance.difference(self.artifact.folder / path, Path(path))) is not None:
                yield f"{path}: is not what {told.name} gives: {problem}"
            else:
                self.note(f"other bytes, within {tolerance.SAID}: {path}")
