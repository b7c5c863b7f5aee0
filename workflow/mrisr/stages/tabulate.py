"""Collect all scores into scores.csv and the tables."""

from __future__ import annotations

from typing import Any

from mrisr.files import sha256
from mrisr.planning import tables
from mrisr.planning.collisions import require_distinct
from mrisr.planning.job import Job
from mrisr.statistics import printed

from .scoring import score_rows
from .stage import Asks, Stage, Takes

SECONDS = 3.0
"""Time of the tables of the default study."""


class Tabulate(Stage):
    """One job makes all tables of the study."""

    NAME, RULE, VERB = "tabulate", "tabulate", "tabulate"
    ACTION = "mrisr.statistics.tabulate"
    FILES = {"scores": "scores.csv"}
    RECORD = "tables/run.json"
    DISTRIBUTIONS = ("pandas",)
    QUICK = True
    NOMINAL_SECONDS = 4.0

    def job(self) -> Job:
        """The job of the study."""
        scored = [self.jobs.job("evaluate", **names) for names in self.jobs.models()]
        scored += [self.jobs.job("baseline", **names) for names in self.jobs.baselines()]
        written = tables.written(self.study)
        files = [name for table in written for name in tables.files(self.jobs, table)]
        further = tables.read(self.jobs)
        # Checked here, because the names become keys of ``writes``, and two equal keys would become one.
        require_distinct(f"{self.jobs.layout.tables}/{name}" for name in files)
        return self.make(
            {},
            settings={
                **tables.order(self.jobs),
                "tables": {name: tables.asked(self.study, name) for name in written},
                **({"apart": apart} if (apart := self._apart()) else {}),
                **({"trained": self.jobs.models()} if tables.HISTORIES in further else {}),
            },
            modules=tuple(f"mrisr.tables.{table}" for table in written),
            reads={
                "scores": [job.writes["scores"] for job in scored],
                **{name: path for name, (path, _) in further.items()},
            },
            writes={name: f"{self.jobs.layout.tables}/{name}" for name in files},
            needs={
                "scores": [job.identity for job in scored],
                **self._printed(),
                **{name: identity for name, (_, identity) in further.items()},
            },
        )

    def _printed(self) -> dict[str, str]:
        """Content of the printed numbers that stand beside the study's, if any. A paper may print none."""
        paper = self.study.evaluation.paper
        return {"printed": sha256(printed.path(paper))} if paper and printed.path(paper).exists() else {}

    def _apart(self) -> list[str]:
        """Members of families that are no test sets."""
        return [name for name in self.study.family_sets if name not in self.study.test_sets]

    def targets(self) -> list[dict[str, Any]]:
        """Every study has its tables."""
        return [{}]

    def asks(self, costs) -> Asks:
        """Memory and time for all rows of all scores."""
        rows = score_rows(self.jobs, costs.geometries)
        return Asks(costs.BASE_MB + rows * costs.ROW_BYTES / costs.MB, rows / costs.ROWS_A_SECOND)

    def takes(self, costs, job: Job) -> Takes:
        """Time for all rows of all scores; disk space of scores.csv."""
        rows = score_rows(self.jobs, costs.geometries)
        return Takes(SECONDS + rows / costs.ROWS_A_SECOND, rows * costs.BYTES_A_ROW)
