"""The volumes of a study as they lie on this machine: a manifest whose paths hold in every folder."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from mrisr.errors import InputError
from mrisr.volumes.files import why_unreadable
from mrisr.volumes.row import ROLES

from .contained import Artifact

COLUMNS = ("subject", "split", "group", "axis", "slices", "licence", *ROLES, *ROLES.values())


def of_file(manifest: Path) -> str:
    """The text of a manifest with absolute paths. `InputError` if it cannot be read."""
    try:
        if problem := why_unreadable(manifest):
            raise InputError(f"{manifest}: {problem}; give the path of a manifest")
        lines = manifest.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{manifest}: cannot be read; give the path of a manifest") from error
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    header = [name.strip() for name in rows[0]] if rows else []
    for row in rows[1:]:
        for number, name in enumerate(header):
            if name in ROLES and number < len(row) and row[number].strip():
                row[number] = os.path.abspath(row[number].strip())
    return "".join("\t".join(row) + "\n" for row in rows)


def of_artifact(artifact: Artifact) -> str | None:
    """A manifest of the volumes in the artifact; None if some are missing."""
    if not artifact.volumes or any(row["contained"] not in artifact.names for row in artifact.volumes):
        return None
    rows: dict[str, dict[str, str]] = {}
    for row in artifact.volumes:
        known = {name: row[name] for name in ("subject", "split", "group", "axis", "slices", "licence")}
        place = {row["role"]: str(artifact.folder / row["contained"]), ROLES.get(row["role"], "kind"): row["kind"]}
        rows.setdefault(row["subject"], {}).update(known | place)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter="\t", lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows.values())
    return text.getvalue()
