"""Runs the jobs of the study in the current folder, each in a process of its own, and prints what each stage costs.

Growth starts this program. All libraries are loaded before a process forks, so their import is not measured. A job runs
`ROUNDS` times. The last line is JSON: for each stage the processor seconds of its jobs together, and the most megabytes
that one of its jobs adds to what the process has before; medians over the rounds.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import statistics
import sys
import time
from pathlib import Path

import matplotlib.pyplot  # noqa: F401
import pandas  # noqa: F401
import scipy.stats  # noqa: F401
import skimage.metrics  # noqa: F401
import torch  # noqa: F401
from mrisr.cli.run import run_planned
from mrisr.files import write_text
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan
from mrisr.study.places import CHECKPOINTS
from mrisr.study.validation import load_study

ROUNDS = 3
WITHOUT = {"parameters"}
"""Stages that read no data."""


def main() -> None:
    """Run the jobs and print the costs."""
    study = load_study("config.yaml")
    write_text(f"{study.results}/study.yaml", Path("config.yaml").read_text())
    plan = Plan(study)
    jobs = [job for job in plan.jobs() if job.stage not in WITHOUT]
    for module in {module for job in jobs for module in job.modules}:
        importlib.import_module(module)
    found: dict[str, list[float]] = {}
    for job in sorted(jobs, key=lambda job: _place(plan, job)):
        rounds = [_cost(plan, job) for _ in range(ROUNDS)]
        seconds, megabytes = (statistics.median(column) for column in zip(*rounds, strict=True))
        before = found.get(job.stage, [0.0, 0.0])
        found[job.stage] = [before[0] + seconds, max(before[1], megabytes)]
    print(json.dumps(found))


def _place(plan: Plan, job: Job) -> tuple[int, bool]:
    """Jobs in the order of the data flow. Estimated degradations come after the kernels."""
    order = list(plan.stages)
    estimated = job.stage == "degrade" and job.wildcards["degradation"] in plan.study.estimated
    return order.index("kernels" if estimated else job.stage), estimated


def _cost(plan: Plan, job: Job) -> list[float]:
    """Processor seconds and added megabytes of a job, which does not find its finished state."""
    shutil.rmtree(CHECKPOINTS, ignore_errors=True)
    read, write = os.pipe()
    if not os.fork():
        before, began = _peak(), time.process_time()
        sys.stdout = sys.stderr
        run_planned(plan, job.stage, identity=None, **job.wildcards)
        os.write(write, json.dumps([time.process_time() - began, _peak() - before]).encode())
        os._exit(0)
    os.close(write)
    os.wait()
    with open(read, "rb") as pipe:
        told = pipe.read()
    return json.loads(told) if told else sys.exit(f"{job.stage} {dict(job.wildcards)} failed")


def _peak() -> float:
    """Largest resident set of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
