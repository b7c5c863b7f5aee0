"""A small study whose jobs have all run, in this process: quicker than Snakemake, which starts a program for each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
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
_made: dict[str, Path] = {}
"""Folders of the finished projects of this process, by what was asked for."""


def finished(folder: Path, config: dict = SMALL, *, without: Collection[str] = ()) -> Project:
    """A project below a folder with all results of its study, but for those of some stages.

    The first one of a process is made, the others are copies of its results.
    """
    project, asked = Project(folder, config), json.dumps([config, sorted(without)])
    if asked in _made:
        shutil.copytree(_made[asked], folder / "results", dirs_exist_ok=True)
    else:
        finish(project, without=without)
        _made[asked] = folder.with_name(f"{folder.name}-as-finished")
        shutil.copytree(folder / "results", _made[asked])
    return project


def finish(project: Project, *, without: Collection[str] = (), up_to: str | None = None) -> Project:
    """Run all jobs of a project's study, but for those of some stages or of those after a stage.

    Snakemake finds nothing left to do afterwards.
    """
    with contextlib.chdir(project.folder):
        run_all(project.config, without, up_to)
    return project


def finish_by_itself(project: Project, *, without: Collection[str] = (), up_to: str | None = None) -> Project:
    """As `finish`, in a process with the project's own code: for one whose methods are not in this repository."""
    code = f"import finished, sys, yaml; finished.run_all(yaml.safe_load(sys.argv[1]), {list(without)}, {up_to!r})"
    paths = f"{project.environment['PYTHONPATH']}{os.pathsep}{Path(__file__).parent}"
    done = project.call("env", f"PYTHONPATH={paths}", "python", "-c", code, yaml.safe_dump(project.config))
    assert done.returncode == 0, done.stderr
    return project


def run_all(config: dict, without: Collection[str], up_to: str | None) -> None:
    """Run the jobs of a study in this folder, in the order of the data flow."""
    file = Path(f"results/{config['study']}/study.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    plan = Plan(load_study(file))
    order = list(plan.stages)
    last = len(order) if up_to is None else order.index(up_to)
    showing = [plan.job(name) for name, stage in plan.stages.items() if stage.SHOWS_ALL_OTHERS]
    for job in (*plan.jobs(), *showing):
        left_out = job.stage in without or order.index(job.stage) > last
        if plan.stages[job.stage].IN_STUDY and not left_out:
            run_planned(plan, job.stage, identity=None, **job.wildcards)


def resigned(content: dict[str, bytes], changes: dict[str, bytes | None]) -> dict[str, bytes]:
    """The files of an artifact with some changed, or removed with None, and with checksums that fit again."""
    changed = {name: part for name, part in {**content, **changes}.items() if part is not None and name != SUMS}
    sums = "".join(f"{hashlib.sha256(part).hexdigest()}  {name}\n" for name, part in sorted(changed.items()))
    return {**changed, SUMS: sums.encode()}
