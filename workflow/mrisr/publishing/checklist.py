"""A checklist in the terms of the artifact badges of the ACM, filled from the records of the jobs.

Source of the terms: ACM, Artifact Review and Badging, version 1.1 (2020).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mrisr.progress import duration


def text(
    described: Mapping[str, Any],
    configuration: Mapping[str, Any],
    records: Sequence[tuple[str, Mapping[str, Any]]],
    volumes: Sequence[Mapping[str, Any]],
) -> str:
    """The checklist as Markdown; arguments as of `mrisr.publishing.documents.documents`."""
    commit, changed = described["commit"], described["changed"]
    lines = [f"# Checklist of the study '{configuration['study']}'", "", "## Available", ""]
    lines += [
        "- Not deposited yet: a person deposits this archive where it gets a DOI. `.zenodo.json` has the metadata.",
        f"- Commit: {commit or 'unknown: the program ran outside of a Git repository'}.",
        *([f"- {len(changed)} files differ from the commit; the archive has them as they ran."] if changed else []),
        *_volumes(volumes),
        "",
        "## Functional",
        "",
        "- Documented: `README.md` here, `source/README.md`, `source/docs/`.",
        f"- Complete: {len(records)} jobs, each with its record; none is missing or outdated.",
        "- Exercisable: `mrisr verify` on this archive. It checks every file and repeats tables and figures.",
        *_machines(records),
        f"- Time of all jobs, one after the other: {duration(sum(float(r.get('seconds', 0)) for _, r in records))}.",
        *_memory(records),
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
        *_deviations(configuration),
    ]
    return "\n".join(lines) + "\n"


def _volumes(volumes: Sequence[Mapping[str, Any]]) -> list[str]:
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


def _memory(records: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """The largest memory that Snakemake measured; nothing if no job was measured."""
    measured = [record["megabytes"] for _, record in records if "megabytes" in record]
    return [f"- Largest memory of a job: {max(measured):.0f} MB."] if measured else []


def _times(records: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    seconds: dict[str, list[float]] = {}
    for stage, record in records:
        seconds.setdefault(stage, []).append(float(record.get("seconds", 0)))
    return [f"| {name} | {len(all_)} | {sum(all_):.1f} | {max(all_):.1f} |" for name, all_ in seconds.items()]


def _deviations(study: Mapping[str, Any]) -> list[str]:
    told = {
        "One subject may be in several splits (`allow_leakage`).": study["allow_leakage"],
        "On a GPU a training may differ from run to run (`training.deterministic`).": not study["training"][
            "deterministic"
        ],
        f"Splits come from folds (`folds: {study['folds']}`), not from the manifest.": bool(study["folds"]),
    }
    found = [f"- Deviation: {sentence}" for sentence, holds in told.items() if holds]
    return [*found, "- Deviations from the papers: `source/docs/methods.md`."]
