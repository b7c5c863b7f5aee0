"""A checklist in the terms of the artifact badges of the ACM, filled from the records of the jobs.

Source of the terms: ACM, Artifact Review and Badging, version 1.1 (2020).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mrisr.planning.plan import Plan
from mrisr.progress import duration

from .source import Source


def text(
    plan: Plan, records: Sequence[tuple[str, Mapping[str, Any]]], source: Source, volumes: list[dict[str, Any]]
) -> str:
    """The checklist as Markdown.

    ``records`` has the stage and the record of each job.
    """
    lines = [f"# Checklist of the study '{plan.study.study}'", "", "## Available", ""]
    lines += [
        "- Not deposited yet: a person deposits this archive where it gets a DOI. `.zenodo.json` has the metadata.",
        f"- Commit: {source.commit or 'unknown: the program ran outside of a Git repository'}.",
        *(
            [f"- {len(source.changed)} files differ from the commit; the archive has them as they ran."]
            if source.changed
            else []
        ),
        *_volumes(volumes),
        "",
        "## Functional",
        "",
        "- Documented: `README.md` here, `source/README.md`, `source/docs/`.",
        f"- Complete: {len(records)} jobs, each with its record; none is missing or outdated.",
        "- Exercisable: `mrisr verify` on this archive. It checks every file and repeats tables and figures.",
        *_machines(records),
        f"- Time of all jobs, one after the other: {duration(sum(float(r.get('seconds', 0)) for _, r in records))}.",
        *_memory(Path(plan.layout.timings)),
        "",
        "| stage | jobs | seconds | most seconds |",
        "|---|---|---|---|",
        *_times(records),
        "",
        "## Reusable",
        "",
        "- Exact versions of all packages: `environment.txt`; how to install them: `source/docs/environments.md`.",
        "- The study: `study.yaml` as it ran, `configuration.yaml` with every default written out.",
        "",
        "## Reproduced",
        "",
        "- Every job of the study, from the folder `source` with the volumes in place: "
        "`python3 envs/venv.py snakemake --configfile ../study.yaml`.",
        "- Each job alone: the entry `command` of its record.",
        *_deviations(plan),
    ]
    return "\n".join(lines) + "\n"


def _volumes(volumes: list[dict[str, Any]]) -> list[str]:
    held = sum(bool(row["contained"]) for row in volumes)
    unknown = sorted({row["subject"] for row in volumes if not row["licence"]})
    lines = [f"- Volumes: {held} of {len(volumes)} are in the archive; `data.tsv` has licences and checksums of all."]
    if unknown:
        lines.append(f"- No licence is named for {', '.join(unknown)}.")
    return [*lines, "- Figures and report show slices of volumes. Weights are learned from them."]


def _machines(records: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    def told(key: str) -> str:
        return ", ".join(sorted({str(record[key]) for _, record in records if record.get(key) is not None}))

    named = {"Instruction set": "machine", "Devices": "device", "GPUs": "gpu", "Threads of a job": "threads"}
    return [f"- {label}: {told(key)}." for label, key in named.items() if told(key)]


def _memory(timings: Path) -> list[str]:
    """The largest memory that Snakemake measured; nothing if no job was measured."""
    measured = [value for path in sorted(timings.rglob("*.tsv")) for value in _resident(path)]
    return [f"- Largest memory of a job: {max(measured):.0f} MB."] if measured else []


def _resident(path: Path) -> Iterable[float]:
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            try:
                yield float(row["max_rss"])
            except (KeyError, TypeError, ValueError):
                continue


def _times(records: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    seconds: dict[str, list[float]] = {}
    for stage, record in records:
        seconds.setdefault(stage, []).append(float(record.get("seconds", 0)))
    return [f"| {name} | {len(all_)} | {sum(all_):.1f} | {max(all_):.1f} |" for name, all_ in seconds.items()]


def _deviations(plan: Plan) -> list[str]:
    study = plan.study
    told = {
        "One subject may be in several splits (`allow_leakage`).": study.allow_leakage,
        "On a GPU a training may differ from run to run (`training.deterministic`).": not study.training.deterministic,
        f"Splits come from {plan.subjects.folds} folds, not from the manifest.": bool(study.folds),
    }
    found = [f"- Deviation: {sentence}" for sentence, holds in told.items() if holds]
    return [*found, "- Deviations from the papers: `source/docs/methods.md`."]
