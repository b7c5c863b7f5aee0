"""The cost of a study stage by stage, and the share of it that is not training steps, from the records of its jobs.

A record has the processor time of its job's process. Records of older versions have only the time on the clock since
the work began. Then the start of each process is measured here and added.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.kept import Kept, machine, markdown

ROUNDS = 7
TRAIN = "train"
PLANNED = """
from mrisr.planning.plan import Plan
from mrisr.study.validation import load_study
Plan(load_study({study!r}))
"""
TORCH = "import mrisr.training.stage, torch\n"


def table(kept: Kept, results: Path) -> str:
    """The table of README.md; ``results`` is the folder of a finished study, ``results/<study>`` of its repository."""
    if not (results / "study.yaml").exists():
        sys.exit(f"{results}: has no study.yaml; give the folder of a finished study, such as results/default")
    stages = _stages(results)
    planned = kept.get("start of a job until its work begins", lambda: _start(results, PLANNED))
    torch = kept.get("the same with torch, for a training", lambda: _start(results, PLANNED + TORCH))
    timed = all(stage["timed"] for stage in stages.values())
    jobs = stages[TRAIN]["jobs"]
    loading = jobs * (torch if timed else torch - planned)
    starts = 0.0 if timed else planned * sum(stage["jobs"] for stage in stages.values())
    total = starts + sum(stage["seconds"] for stage in stages.values())
    parts = [("training steps, with validation", jobs, stages[TRAIN]["seconds"] - loading)]
    parts += [("start of trainings" if timed else "import of torch in trainings", jobs, loading)]
    parts += [(name, stage["jobs"], stage["seconds"]) for name, stage in stages.items() if name != TRAIN]
    if not timed:
        parts += [("start of all jobs", sum(stage["jobs"] for stage in stages.values()), starts)]
    parts.sort(key=lambda part: -part[2])
    rows = [(name, count, seconds, f"{seconds / total:.1%}") for name, count, seconds in parts]
    rows += [("all", sum(stage["jobs"] for stage in stages.values()), total, "100 %")]
    others = 1 - parts[0][2] / total if parts[0][0].startswith("training steps") else 1.0
    clock = "processor time" if timed else "time on the clock of the jobs (two at a time), starts in processor time"
    text = f"{machine()}; {clock}. **{others:.1%} of the time is not training steps** (target: at most 20 %)."
    return f"{text}\n\n{markdown(('part', 'jobs', 'seconds', 'share'), rows)}"


def _stages(results: Path) -> dict[str, dict[str, Any]]:
    """Jobs and seconds by verb, and whether all of them have processor time."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(results.rglob("*run.json")):
        record = json.loads(path.read_text())
        found.setdefault(record["command"][1], []).append(record)
    timed = all("processor_seconds" in record for records in found.values() for record in records)
    key = "processor_seconds" if timed else "seconds"
    return {
        name: {"jobs": len(records), "seconds": sum(record[key] for record in records), "timed": timed}
        for name, records in found.items()
    }


def _start(results: Path, program: str) -> float:
    """Processor time of a process that reads the study and imports what its job needs."""
    study = str(results.resolve().relative_to(results.resolve().parents[1]) / "study.yaml")
    command = [sys.executable, "-c", program.format(study=study)]
    return statistics.median(_processor_seconds(command, results.resolve().parents[1]) for _ in range(ROUNDS))


def _processor_seconds(command: Sequence[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
