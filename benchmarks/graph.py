"""What a graph of jobs costs: dry runs of the training-bias study with more and more seeds, nothing and all done.

A bare workflow with as many jobs, one output each and no inputs, shows what Snakemake itself takes. The outputs of the
finished study are stand-ins of a few bytes with true records. They are never used as results. The first dry run of a
study is not measured: it also checks the methods of the study in a process with torch, once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.kept import Kept, machine, markdown

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from project import ROOT, Project

STUDY = "workflow/studies/training-bias.yaml"
SEEDS = (1, 8, 80)
FINISH = """
import yaml
from mrisr.files import write_text
from mrisr.planning.plan import Plan
from mrisr.planning.records import Recorder
from mrisr.study.validation import validate
plan = Plan(validate(yaml.safe_load(open("config.yaml")), source="benchmark"))
for job in [*plan.jobs(), *plan.pages()]:
    for path in job.writes.values():
        write_text(path, "stand-in")
    Recorder(job.identity).write(job.record, job.writes)
print(len(plan.models()), len(plan.jobs()))
"""
BARE = """
rule all:
    input:
        expand("out/{{number}}.txt", number=range({count})),

rule job:
    output:
        "out/{{number}}.txt",
    shell:
        "touch {{output}}"
"""


def table(kept: Kept) -> str:
    """The table of README.md."""
    found = [kept.get(f"graph with {seeds} seeds", lambda seeds=seeds: _measured(seeds)) for seeds in SEEDS]
    rows = [
        (
            *(m["models"], m["jobs"], m["bare"][0], m["all to do"][0], m["nothing to do"][0]),
            *(m["all to do"][0] / m["bare"][0], m["all to do"][1], m["nothing to do"][1]),
        )
        for m in found
    ]
    columns = (
        *("models", "jobs", "bare workflow, s", "all to do, s", "nothing to do, s"),
        *("all to do / bare", "peak memory, all to do, MB", "nothing to do, MB"),
    )
    return f"{machine()}, processor time.\n\n{markdown(columns, rows)}"


def _measured(seeds: int) -> dict[str, Any]:
    """Numbers of models and jobs, and (processor seconds, peak MB) of each dry run."""
    with tempfile.TemporaryDirectory() as folder:
        raw = yaml.safe_load((ROOT / STUDY).read_text()) | {"volumes": "data/volumes.tsv", "seeds": list(range(seeds))}
        project = Project(Path(folder), raw)
        _dry_run(project)
        found: dict[str, Any] = {"all to do": _dry_run(project)[:2]}
        done = project.call(sys.executable, "-c", FINISH)
        if done.returncode:
            sys.exit(f"the stand-ins could not be made:\n{done.stderr[-2000:]}")
        found["models"], found["jobs"] = (int(number) for number in done.stdout.split())
        *cost, said = _dry_run(project)
        if "Nothing to be done" not in said:
            sys.exit(f"the finished study is not seen as finished:\n{said[-2000:]}")
        (project.folder / "Bare").write_text(BARE.format(count=found["jobs"]))
        return {**found, "nothing to do": cost, "bare": _dry_run(project, "-s", "Bare")[:2]}


def _dry_run(project: Project, *arguments: str) -> tuple[float, float, str]:
    """Processor seconds, peak memory in MB, and what was said."""
    with (project.folder / "output.log").open("w") as log:
        process = project.start("snakemake", "-n", "-q", "rules", *arguments, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    said = (project.folder / "output.log").read_text()
    if status:
        sys.exit(said[-2000:])
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said
