"""One row of a manifest, and the allowed values of its cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "validation", "test")
AXES = ("axial", "coronal", "sagittal", "0", "1", "2")
ROLES = {"path": "kind", "lr_path": "lr_kind", "mask": "mask_kind"}
"""Columns that name a volume, each with the column that says its kind."""
KINDS = ("nifti", "analyze", "mgh", "minc", "nrrd", "metaimage", "dicom", "bids", "pictures")
"""Kinds of volume. ``dicom:<SeriesInstanceUID>`` and ``bids:<entities>`` choose one of several images of a folder,
``pictures:<pattern>`` the slices of a folder of pictures."""

NAME_LENGTH = 100
"""Greatest length of a name in characters. The name of a file consists of several names."""
_NO_PATH = re.compile(r"[{}\x00-\x1f\x7f-\x9f\u2028\u2029]")


def why_no_path(text: str) -> str | None:
    """Why a text cannot be the path of an input; None if it can. Snakemake takes braces for wildcards."""
    found = _NO_PATH.search(text)
    return f"a path has no {found[0]!r}; rename the file, or its folder" if found else None


@dataclass(frozen=True)
class Volume:
    """A subject's volume as the manifest describes it. An empty cell is `None`.

    ``path``, ``lr_path`` and ``mask`` are relative to the current directory (the repository's root) or absolute.
    ``axis`` and ``slices`` (a range, ``first:last[:step]``) override the study's. ``kind``, ``lr_kind`` and
    ``mask_kind`` are of `KINDS`, with or without a choice. ``licence`` and ``origin`` are free text for the tables.
    """

    subject: str
    path: Path
    split: str
    group: str = "main"
    lr_path: Path | None = None
    lr_kind: str | None = None
    mask: Path | None = None
    mask_kind: str | None = None
    axis: str | None = None
    slices: str | None = None
    kind: str | None = None
    licence: str | None = None
    origin: str | None = None

    def kind_of(self, role: str) -> str | None:
        """The kind that the row gives for a column of `ROLES`."""
        return getattr(self, ROLES[role])
