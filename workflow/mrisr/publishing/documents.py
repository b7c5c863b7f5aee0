"""What an artifact says in words: made from its own facts alone, so that it can be made again and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from mrisr.files.shortening import shortened
from mrisr.study.config import StudyConfig
from mrisr.study.validation import parsed

from . import checklist, citation

README = """# Artifact of the study '{study}'

This archive has the results of one study of mrisr {version}, and what is needed to check and to repeat them.

- `results/`: tables, figures, scores, weights, the report, and the record of each job
- `study.yaml`, `configuration.yaml`: the study as it ran, and with every default written out
- `jobs.json`: every job with its settings, inputs, outputs and identity
- `data.tsv`: the volumes with licences and checksums
- `source/`: the program
- `environment.txt`: the exact version of every package
- `checklist.md`: facts in the terms of the artifact badges of the ACM
- `ro-crate-metadata.json`: what was made by which job, as a Provenance Run Crate
- `manifest-sha256.txt`: SHA-256 of every file; `sha256sum -c manifest-sha256.txt` checks them

`mrisr verify ARCHIVE` checks all of this. `source/docs/publishing.md` says what it finds, and what it cannot find.
"""


def documents(
    described: Mapping[str, Any],
    configuration: Mapping[str, Any],
    records: Sequence[tuple[str, Mapping[str, Any]]],
    volumes: Sequence[Mapping[str, Any]],
    cff: bytes | None,
) -> dict[str, bytes]:
    """The documents of an artifact by their names.

    Parameters
    ----------
    described : mapping
        The content of artifact.json.
    configuration : mapping
        The study with every default.
    records : sequence
        The stage and the record of each job.
    volumes : sequence
        The rows of data.tsv.
    cff : bytes, optional
        CITATION.cff of the source.
    """
    name, identifiers = described["study"], described["identifiers"]
    cited = parsed((cff or b"").decode(), source="CITATION.cff") or {}
    return {
        "README.md": README.format(study=name, version=described["mrisr"]).encode(),
        "checklist.md": checklist.text(described, configuration, records, volumes).encode(),
        ".zenodo.json": as_json(citation.zenodo(name, cited, identifiers)),
        **({"CITATION.cff": cff} if cff else {}),
    }


def configuration(study: StudyConfig) -> dict[str, Any]:
    """The study with every default, the content of configuration.yaml."""
    return shortened(study.model_dump(mode="json"))


def as_yaml(value: Any) -> bytes:
    """A value as the YAML files of an artifact have it, with keys in the order of the value."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).encode()


def as_json(value: Any, *, in_order: bool = False) -> bytes:
    """A value as the JSON files of an artifact have it: with sorted keys, or with keys in the order of the value."""
    return (json.dumps(value, indent=1, sort_keys=not in_order) + "\n").encode()
