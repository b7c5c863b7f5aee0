"""The table of the volumes: what they are, under which licence, and their checksums."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from mrisr.planning.plan import Plan
from mrisr.study.subjects import built_in_volumes
from mrisr.volumes.row import ROLES

OPEN = ("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "MIT", "PDDL-1.0")
"""Licences, by their names in SPDX, that allow anybody to pass a volume on. The manifest names a volume's."""
COLUMNS = ("subject", "split", "group", "role", "file", "kind", "axis", "slices", "licence", "sha256", "contained")
COLUMNS += ("package", "member", "citation")


def rows(plan: Plan, *, with_volumes: bool) -> list[dict[str, Any]]:
    """One row for each volume, mask and low-resolution scan of the study.

    ``contained`` is where it is in the artifact. It is blank for a volume that is not passed on: always without
    ``with_volumes``, and otherwise if its licence is not one of `OPEN` or if it consists of several files.
    """
    return [
        _row(plan, volume, role, with_volumes)
        for volume in plan.subjects.volumes.values()
        for role in ROLES
        if getattr(volume, role) is not None
    ]


def _row(plan: Plan, volume: Any, role: str, with_volumes: bool) -> dict[str, Any]:
    path = Path(getattr(volume, role))
    ((_, content),) = plan.subjects.files(volume.subject, role)
    source = built_in_volumes().get(path.as_posix())
    passed_on = with_volumes and allows(volume.licence) and isinstance(content, str) and path.is_file()
    return {
        "subject": volume.subject,
        "split": volume.split,
        "group": volume.group,
        "role": role,
        "file": path.name,
        "kind": volume.kind_of(role) or "",
        "axis": volume.axis or "",
        "slices": volume.slices or "",
        "licence": volume.licence or "",
        "sha256": content if isinstance(content, str) else json.dumps(content, sort_keys=True),
        "contained": f"volumes/{volume.subject}/{role}/{path.name}" if passed_on else "",
        "package": f"{source.package} {source.version}" if source else "",
        "member": source.member if source else "",
        "citation": (source.citation or "") if source else "",
    }


def allows(licence: str | None) -> bool:
    """Whether a licence is known to allow passing a volume on. Only its name counts, not what follows a space."""
    return (licence or "").split(" ")[0] in OPEN


def table(found: list[dict[str, Any]]) -> bytes:
    """The rows as a table with tabs between the columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue().encode()
