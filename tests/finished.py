"""A small study whose jobs have all run, in this process: quicker than Snakemake, which starts a program for each."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection
from pathlib import Path

import yaml
from mrisr.cli.run import run_planned
from mrisr.planning.plan import Plan
from mrisr.publishing.publish import SUMS
from mrisr.study.validation import load_study
from project import TINY, Project

SMALL = {
    **TINY,
    "degradations": {"gaussian": {"sigma": 1.0}, "mean": {"size": 3}},
    "losses": ["mse"],
    "models": None,
    "evaluation": {"metrics": ["psnr", "nrmse"]},
}
"""Its metrics are not in the order of the alphabet, so a lost order is seen."""
STUDY = "results/tiny/study.yaml"


def finished(folder: Path, config: dict = SMALL, *, without: Collection[str] = ()) -> Project:
    """A project below a folder with all results of its study, but for those of some stages."""
    return finish(Project(folder, config), without=without)


def finish(project: Project, *, without: Collection[str] = ()) -> Project:
    """Run all jobs of a project's study, but for those of some stages."""
    with contextlib.chdir(project.folder):
        Path(STUDY).parent.mkdir(parents=True)
        Path(STUDY).write_text(yaml.safe_dump(project.config, sort_keys=False))
        plan = Plan(load_study(STUDY))
        showing = [plan.job(name) for name, stage in plan.stages.items() if stage.SHOWS_ALL_OTHERS]
        for job in (*plan.jobs(), *showing):
            if plan.stages[job.stage].IN_STUDY and job.stage not in without:
                run_planned(plan, job.stage, identity=None, **job.wildcards)
    return project


def resigned(content: dict[str, bytes], changes: dict[str, bytes | None]) -> dict[str, bytes]:
    """The files of an artifact with some changed, or removed with None, and with checksums that fit again."""
    changed = {name: part for name, part in {**content, **changes}.items() if part is not None and name != SUMS}
    sums = "".join(f"{hashlib.sha256(part).hexdigest()}  {name}\n" for name, part in sorted(changed.items()))
    return {**changed, SUMS: sums.encode()}
