"""The report: the job that writes it, and what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .files import sha256
from .job import Job

if TYPE_CHECKING:
    from .plan import Plan

CAPTIONS = Path(__file__).parents[1] / "report"


def report_job(plan: Plan) -> Job:
    """Show tables, figures and pictures of registered scans, with the captions."""
    jobs = plan.jobs()
    tables = [job for job in jobs if job.stage == "tabulate"]
    figures = [job for job in jobs if job.stage.startswith("figure-")]
    registered = [job for job in jobs if job.stage == "register"]
    return Job(
        stage="report",
        settings={"captions": {path.name: sha256(path) for path in sorted(CAPTIONS.glob("*.rst"))}},
        modules=(),
        reads={"shown": [path for job in (*tables, *figures) for path in job.writes.values()]},
        writes={"report": plan.layout.report},
        record=plan.layout.report_record,
        needs={"shown": [job.identity for job in (*tables, *figures, *registered)]},
    )
