"""From a figure's job of the plan to pictures on disk."""

from __future__ import annotations

import importlib
from pathlib import Path

from mrisr.figures import save
from mrisr.job import Job
from mrisr.plan import Plan


def draw(plan: Plan, job: Job) -> None:
    """Draw all pictures of a figure's job."""
    figure = importlib.import_module(f"mrisr.figures.{job.stage.removeprefix('figure-')}")
    for name, picture in figure.pictures(job.reads, job.settings):
        for path in save(picture, Path(job.record).parent / name):
            print(path)
