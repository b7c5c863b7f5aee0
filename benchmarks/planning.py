"""Measures the time in which Snakemake plans the training-bias study, with everything and with nothing to do.

Also measures time and memory for a study of 5,040 training jobs.

    python benchmarks/planning.py

The same run measures a bare workflow with as many jobs and no identities. The ratio shows what this project adds. The
outputs of the finished study are stand-ins of a few bytes with true records. They are never used as results.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from project import ROOT, Project

STUDY = "workflow/studies/training-bias.yaml"
FINISH = f"""
from mrisr.files import write_text
from mrisr.planning.plan import Plan
from mrisr.planning.records import Recorder
from mrisr.study.validation import load_study
import yaml
raw = yaml.safe_load(open({STUDY!r})) | {{"volumes": "data/volumes.tsv"}}
from mrisr.study.validation import validate
plan = Plan(validate(raw, source="benchmark"))
for job in plan.jobs():
    for path in job.writes.values():
        write_text(path, "stand-in")
    Recorder(job.identity).write(job.record, job.writes)
write_text(plan.layout.report, "stand-in")
"""
BARE = """
rule all:
    input:
        expand("out/{number}.txt", number=range(164)),

rule job:
    output:
        "out/{number}.txt",
    shell:
        "touch {output}"
"""


def seconds(project: Project, *arguments: str) -> tuple[float, str]:
    """Wall time of the fastest of three dry runs, and what the last one printed."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        done = project.call("snakemake", "-n", *arguments)
        best = min(best, time.perf_counter() - began)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
    return best, done.stdout + done.stderr


def large(folder: Path, seeds: int = 80) -> tuple[float, float]:
    """Wall seconds and peak memory, MB, of a dry run of the training-bias study with many seeds."""
    raw = yaml.safe_load((ROOT / STUDY).read_text()) | {"volumes": "data/volumes.tsv", "seeds": list(range(seeds))}
    project = Project(folder, raw)
    began = time.perf_counter()
    with (folder / "output.log").open("w") as log:
        process = project.start("snakemake", "-n", "-q", stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit((folder / "output.log").read_text()[-2000:])
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        (project.folder / "Bare").write_text(BARE)
        arguments = ["--configfile", STUDY, "--config", "volumes=data/volumes.tsv"]
        bare, _ = seconds(project, "-s", "Bare")
        everything, _ = seconds(project, *arguments)
        made = subprocess.run([sys.executable, "-c", FINISH], cwd=project.folder, env=project.environment)
        if made.returncode:
            sys.exit("the stand-ins could not be made")
        nothing, shown = seconds(project, *arguments)
        if "Nothing to be done" not in shown:
            sys.exit(f"the finished study is not seen as finished:\n{shown[-2000:]}")
    with tempfile.TemporaryDirectory() as folder:
        wall, peak = large(Path(folder))
    print(f"{os.cpu_count()} cores; wall seconds of a dry run, best of three, and the ratio to the bare workflow")
    print(f"bare workflow of 164 jobs       {bare:6.2f}  1.00")
    print(f"training-bias, all to do        {everything:6.2f}  {everything / bare:.2f}")
    print(f"training-bias, nothing to do    {nothing:6.2f}  {nothing / bare:.2f}")
    print(f"5,040 trainings, all to do      {wall:6.2f}  {wall / bare:.2f}, {peak:.0f} MB")


if __name__ == "__main__":
    main()
