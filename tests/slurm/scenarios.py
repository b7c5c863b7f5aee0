"""The runs on the cluster that the tests look at: one undisturbed study, and four with interrupted trainings.

Each scenario takes a copy of a finished project and returns what only it could see; the rest is in the project.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from .cluster import STATE, STEPS, UP, ClusterProject, answer, wait_until

EVERYTHING = ("results", ".snakemake")
TRAININGS = ("results/checkpoints", *(f"results/tiny/{name}" for name in ("models", "scores", "scores.csv", "tables")))


def whole_study(project: ClusterProject) -> None:
    """The unchanged profile, from the check to the report."""
    project.forget(*EVERYTHING)
    project.finish(project.submit())


def too_little_time(project: ClusterProject) -> None:
    """Trainings of two minutes with a time limit of one, and no second try of a job that fails."""
    project.forget(*TRAININGS)
    project.patience = 110 / STEPS
    project.finish(project.submit("--retries", "0", *on_cpus("n2", "runtime=1"), "--", "models"))
    make_scores(project)


def job_cancelled(project: ClusterProject) -> None:
    """One of two running trainings is ended by scancel."""
    project.forget(*TRAININGS)
    project.patience = 10 / STEPS
    driver = project.submit(*on_cpus("n2"), "--", "models")
    wait_until(lambda: project.trainings_under_way() == 2, "two trainings run")
    answer("scancel", str(project.calls("train")[0].job))
    project.finish(driver)
    make_scores(project)


def node_lost(project: ClusterProject) -> bool:
    """A node's daemon dies and stays away; returns whether each training then ran twice at once."""
    project.forget(*TRAININGS)
    project.patience = 60 / STEPS
    driver = project.submit(*on_cpus("n1,n2"), "--", "models")
    wait_until(lambda: project.trainings_under_way() == 2, "two trainings run")
    orphans = project.calls("train")
    node = orphans[0].environment["SLURMD_NODENAME"]
    os.kill(int((STATE / f"pid/slurmd.{node}").read_text()), signal.SIGKILL)
    try:
        wait_until(lambda: len(project.calls("train")) > len(orphans), "SLURM starts the jobs on another node")
        at_once = all(call.runs for call in orphans)
        project.finish(driver)
    finally:
        subprocess.run([UP], check=True)
    make_scores(project)
    return at_once


def snakemake_killed(project: ClusterProject) -> tuple[str, bool]:
    """Snakemake dies, its jobs live.

    Returns what it says when it is called again, and whether each training ran twice at once after ``--unlock``.
    """
    project.forget(*TRAININGS)
    project.patience = 80 / STEPS
    driver = project.submit(*on_cpus("n2"), "--", "models")
    wait_until(lambda: project.trainings_under_way() == 2, "two trainings run")
    left_over = project.calls("train")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    refused = project.submit(*on_cpus("n2"), "--", "models")
    assert refused.wait(timeout=120) != 0
    said = (project.folder / "driver.log").read_text()
    project.snakemake("--unlock")
    driver = project.submit(*on_cpus("n2"), "--", "models")
    wait_until(lambda: len(project.calls("train")) == 2 * len(left_over), "both trainings are started again")
    at_once = all(call.runs for call in left_over)
    project.finish(driver)
    make_scores(project)
    return said, at_once


def on_cpus(nodes: str, *resources: str) -> list[str]:
    """Options with which trainings run on some nodes of the partition cpu, so that scenarios do not share nodes."""
    elsewhere = ",".join(sorted({"n1", "n2"} - set(nodes.split(","))))
    wanted = ["slurm_partition=cpu", "gpu=0", *resources]
    if elsewhere:
        wanted.append(f"slurm_extra='--exclude={elsewhere}'")
    return ["--set-resources", *(f"train_model:{resource}" for resource in wanted)]


def make_scores(project: ClusterProject) -> None:
    """Run the jobs after the trainings on this machine, which is quicker. They were not disturbed."""
    project.snakemake("-c1", "--", "results/tiny/scores.csv")


LANES = ((too_little_time,), (whole_study, node_lost), (job_cancelled, snakemake_killed))
"""What runs at the same time, most of it waiting. A node is lost only after everything that could be running on it."""


def start_all(done: ClusterProject, folder: Path) -> dict[Callable, Future]:
    """Start all scenarios, each in a copy of a finished project; the futures are (project, what it returned)."""
    outcomes = {scenario: Future() for lane in LANES for scenario in lane}

    def run(lane: tuple[Callable[[ClusterProject], Any], ...]) -> None:
        for scenario in lane:
            try:
                project = done.copy(folder / scenario.__name__)
                outcomes[scenario].set_result((project, scenario(project)))
            except BaseException as error:
                outcomes[scenario].set_exception(error)

    for lane in LANES:
        threading.Thread(target=run, args=[lane], daemon=True).start()
    return outcomes
