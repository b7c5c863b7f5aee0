"""Write the report: tables, figures and pictures of registered scans, with their captions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mrisr.files import sha256
from mrisr.planning.job import Job

from .stage import Asks, Stage

CAPTIONS = Path(__file__).parents[2] / "report"


class Report(Stage):
    """One job writes the report of the study."""

    NAME, RULE, VERB = "report", "write_report", "report"
    ACTION = "mrisr.artifact.report"
    FILES = {"report": "report.html"}
    RECORD = "report.run.json"
    SHOWS_ALL_OTHERS = True
    NOMINAL_SECONDS = 0.0

    def job(self) -> Job:
        """The job of the study."""
        jobs = self.jobs.jobs()
        read = [job for job in jobs if job.stage in ("parameters", "runtimes", "diversity", "tabulate", "figure")]
        registered = [job for job in jobs if job.stage == "register"]
        return self.make(
            {},
            settings={"captions": {path.name: sha256(path) for path in sorted(CAPTIONS.glob("*.rst"))}},
            reads={"shown": [path for job in read for path in job.writes.values()]},
            needs={"shown": [job.identity for job in (*read, *registered)]},
            context={"study": self.jobs.layout.study},
        )

    def asks(self, costs: Any) -> Asks:
        """Memory and time for one page with all pictures."""
        return Asks(1000, 10)
