"""The RO-Crate of a study's run: what was made, by which job, from what, with SHA-256 of every file.

It follows the profile Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5), which builds on Workflow
RO-Crate 1.0 and RO-Crate 1.1. What the records do not say is left out: there is no agent.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAME = "ro-crate-metadata.json"
WORKFLOW = "source/Snakefile"
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
CRATE, WORKFLOW_CRATE = "https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
LICENCE = "No licence is chosen for the results. The licence of the program is in source/."
"""The profile requires a text. Only the people who publish can choose a licence."""
DONE = "http://schema.org/CompletedActionStatus"
KINDS = {
    **dict.fromkeys(("", ".smk", ".txt", ".cfg", ".toml", ".sh", ".def", ".j2"), "text/plain"),
    **dict.fromkeys((".yaml", ".yml", ".cff"), "application/yaml"),
    **{f".{kind}": f"text/{kind}" for kind in ("csv", "html", "css")},
    **{".py": "text/x-python", ".md": "text/markdown", ".rst": "text/x-rst", ".tsv": "text/tab-separated-values"},
    **{".json": "application/json", ".png": "image/png", ".svg": "image/svg+xml", ".gz": "application/gzip"},
}
"""Formats of files by the ends of their names. Those of Python depend on the machine."""
README = "README.md"


@dataclass(frozen=True)
class Run:
    """One finished job.

    Attributes
    ----------
    stage, verb, identity : str
    wildcards : mapping
        What names the job within its stage.
    reads, writes : list of str
        Paths, as the jobs know them.
    began, ended : float
        Seconds since 1970.
    command : str
        The command of the job.
    """

    stage: str
    verb: str
    identity: str
    wildcards: Mapping[str, Any]
    reads: Sequence[str]
    writes: Sequence[str]
    began: float
    ended: float
    command: str

    @property
    def name(self) -> str:
        """The stage and the job's wildcards."""
        return " ".join([self.stage, *(str(value) for value in self.wildcards.values())])


def graph(
    *,
    study: str,
    files: Mapping[str, tuple[str, int]],
    absent: Mapping[str, str | None],
    runs: Sequence[Run],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """The content of ro-crate-metadata.json.

    Parameters
    ----------
    study : str
    files : mapping
        SHA-256 and size of each file of the crate by its path. The paths of results are those that the jobs know.
    absent : mapping
        SHA-256 of each file that a job read or wrote and that the crate does not contain; None if it is unknown.
    runs : sequence of Run
        In the order of the data flow.
    versions : mapping
        Of ``mrisr``, ``python`` and ``snakemake``.
    """
    stages = {run.stage: run.verb for run in runs}
    parts = [
        *_head(study, files, runs),
        _workflow(stages, versions),
        *_tools(stages, versions),
        *(_file(path, *known) for path, known in sorted(files.items()) if path != WORKFLOW),
        *(_absent(path, digest) for path, digest in sorted(absent.items())),
        *_actions(study, runs, files),
    ]
    _describe_workflow(parts, files)
    return {"@context": CONTEXT, "@graph": parts}


def _head(study: str, files: Mapping[str, Any], runs: Sequence[Run]) -> list[dict[str, Any]]:
    published = _time(max(run.ended for run in runs))
    actions = ["#organise", "#run", *(_action(run) for run in runs)]
    return [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": _links([CRATE, WORKFLOW_CRATE]),
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Results of the study '{study}'",
            "description": f"Tables, figures, scores, weights and records of the study '{study}' of mrisr, "
            "with the program's source. The date is that of the last job.",
            "datePublished": published,
            "license": LICENCE,
            "conformsTo": _links(PROFILES),
            "hasPart": _links(sorted(files)),
            "mainEntity": {"@id": WORKFLOW},
            "mentions": _links(actions),
        },
        *(
            {"@id": url, "@type": "CreativeWork", "name": name, "version": version}
            for url, (name, version) in PROFILES.items()
        ),
    ]


def _workflow(stages: Iterable[str], versions: Mapping[str, str]) -> dict[str, Any]:
    return {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "mrisr",
        "version": versions["mrisr"],
        "encodingFormat": "text/plain",
        "conformsTo": {"@id": BIOSCHEMAS},
        "programmingLanguage": {"@id": "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"},
        "hasPart": _links(f"#tool/{stage}" for stage in stages),
        "step": _links(f"#step/{stage}" for stage in stages),
    }


def _describe_workflow(parts: list[dict[str, Any]], files: Mapping[str, tuple[str, int]]) -> None:
    digest, size = files[WORKFLOW]
    next(part for part in parts if part["@id"] == WORKFLOW).update(sha256=digest, contentSize=str(size))


def _tools(stages: Mapping[str, str], versions: Mapping[str, str]) -> list[dict[str, Any]]:
    language = {
        "@id": "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        "url": {"@id": "https://snakemake.readthedocs.io"},
        "version": versions["snakemake"],
    }
    engine = {
        "@id": "#snakemake",
        "@type": "SoftwareApplication",
        "name": "Snakemake",
        "softwareVersion": versions["snakemake"],
        "url": {"@id": "https://snakemake.readthedocs.io"},
    }
    tools = [
        {
            "@id": f"#tool/{stage}",
            "@type": "SoftwareApplication",
            "name": f"mrisr {verb}",
            "softwareVersion": versions["mrisr"],
            "runtimePlatform": f"Python {versions['python']}",
        }
        for stage, verb in stages.items()
    ]
    steps = [
        {
            "@id": f"#step/{stage}",
            "@type": "HowToStep",
            "name": stage,
            "position": str(number),
            "workExample": {"@id": f"#tool/{stage}"},
        }
        for number, stage in enumerate(stages)
    ]
    return [language, engine, *tools, *steps]


def _file(path: str, digest: str, size: int) -> dict[str, Any]:
    suffix = os.path.splitext(path)[1]
    kind = KINDS.get(suffix, "application/octet-stream")
    known = {"@id": path, "@type": "File", "name": path, "sha256": digest, "contentSize": str(size)}
    return known | {"encodingFormat": kind} | ({"about": {"@id": "./"}} if path == README else {})


def _absent(path: str, digest: str | None) -> dict[str, Any]:
    described = "Not in the crate: it is, or is made of, a person's images."
    known = {"@id": _absent_id(path), "@type": "CreativeWork", "name": path, "description": described}
    return known | ({"sha256": digest} if digest else {})


def _actions(study: str, runs: Sequence[Run], files: Mapping[str, Any]) -> list[dict[str, Any]]:
    made = {path for run in runs for path in run.writes}
    began, ended = min(run.began for run in runs), max(run.ended for run in runs)
    span = {"startTime": _time(began), "endTime": _time(ended), "actionStatus": DONE}
    given = sorted({path for run in runs for path in run.reads} - made)

    def links(paths: Iterable[str]) -> list[dict[str, str]] | dict[str, str]:
        return _links(path if path in files else _absent_id(path) for path in paths)

    whole = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"run of the study '{study}'",
        "instrument": {"@id": WORKFLOW},
        "object": links(given),
        "result": links(sorted(made)),
        **span,
    }
    organised = {
        "@id": "#organise",
        "@type": "OrganizeAction",
        "name": "run of the workflow engine",
        "instrument": {"@id": "#snakemake"},
        "object": _links(f"#control/{run.identity}" for run in runs),
        "result": {"@id": "#run"},
        **span,
    }
    found = [whole, organised]
    for run in runs:
        found += [
            {
                "@id": f"#control/{run.identity}",
                "@type": "ControlAction",
                "name": f"orchestrate {run.name}",
                "instrument": {"@id": f"#step/{run.stage}"},
                "object": {"@id": _action(run)},
                "actionStatus": DONE,
            },
            {
                "@id": _action(run),
                "@type": "CreateAction",
                "name": run.name,
                "description": run.command,
                "identifier": run.identity,
                "instrument": {"@id": f"#tool/{run.stage}"},
                "object": links(dict.fromkeys(run.reads)),
                "result": links(run.writes),
                "startTime": _time(run.began),
                "endTime": _time(run.ended),
                "actionStatus": DONE,
            },
        ]
    return found


def _action(run: Run) -> str:
    return f"#job/{run.identity}"


def _absent_id(path: str) -> str:
    return f"#absent/{path}"


def _links(targets: Iterable[str]) -> list[dict[str, str]] | dict[str, str]:
    """References; a single one stands without a list."""
    found = [{"@id": target} for target in targets]
    return found[0] if len(found) == 1 else found


def _time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat()
