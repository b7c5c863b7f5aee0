"""Route: choose a specialist for each test person and test set, from the low-resolution slices alone."""

from __future__ import annotations

from typing import Any

from mrisr.planning.job import Job

from .stage import Asks, Stage, Takes


class Route(Stage):
    """One job routes all test sets of a study that names arms in ``evaluation.remedies``."""

    NAME, RULE, VERB = "route", "route_scans", "route"
    ACTION = "mrisr.evaluation.routes"
    FILES = {"routes": "routes.csv"}
    RECORD = "routes.run.json"
    QUICK = True
    NOMINAL_SECONDS = 5.0

    def job(self) -> Job:
        """The job of the study."""
        subjects = {split: self.subjects.of(split) for split in ("train", "test")}
        specialists = self.study.evaluation.remedies.specialists
        # A mixture has no blur of its own.
        test_sets = [name for name in self.study.test_sets if name not in self.study.mixtures]
        known = self._degraded(specialists, subjects["train"])
        scans = self._degraded(test_sets, subjects["test"])
        return self.make(
            {},
            settings={"specialists": specialists, "test_sets": test_sets},
            reads={role: _paths(jobs) for role, jobs in (("specialists", known), ("scans", scans))},
            needs={role: _identities(jobs) for role, jobs in (("specialists", known), ("scans", scans))},
        )

    def _degraded(self, names: list[str], subjects: list[str]) -> dict[str, dict[str, Job]]:
        """The jobs that degrade slices, as {"x2/<degradation>": {subject: job}}."""
        return {
            f"x{scale}/{name}": {subject: self.jobs.degraded(scale, name, subject, 0) for subject in subjects}
            for scale in self.study.protocol.scales
            for name in names
        }

    def targets(self) -> list[dict[str, Any]]:
        """One job if the study has arms."""
        return [{}] if self.study.evaluation.remedies else []

    def asks(self, costs: Any) -> Asks:
        """Little memory, because slices are read one by one."""
        return Asks(costs.BASE_MB, 5)

    def takes(self, costs: Any, job: Job) -> Takes:
        """A few slices of each file."""
        files = sum(len(paths) for role in job.reads.values() for paths in role.values())
        return Takes(0.1 * files, costs.BYTES_A_ROW * files)


def _paths(jobs: dict[str, dict[str, Job]]) -> dict[str, dict[str, str]]:
    return {name: {s: job.writes["slices"] for s, job in by.items()} for name, by in jobs.items()}


def _identities(jobs: dict[str, dict[str, Job]]) -> dict[str, list[str]]:
    return {name: [job.identity for job in by.values()] for name, by in jobs.items()}
