"""One row of a manifest, and the allowed values of its cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "validation", "test")
AXES = ("axial", "coronal", "sagittal", "0", "1", "2")
SUFFIXES = {
    ".nii": "nifti",
    ".nii.gz": "nifti",
    ".hdr": "analyze",
    ".img": "analyze",
    ".mgh": "mgh",
    ".mgz": "mgh",
    ".mnc": "minc",
    ".nrrd": "nrrd",
    ".nhdr": "nrrd",
    ".mha": "metaimage",
    ".mhd": "metaimage",
    ".dcm": "dicom",
    ".png": "pictures",
    ".tif": "pictures",
    ".tiff": "pictures",
}
"""Kind of a file by the end of its name."""
KINDS = ("nifti", "analyze", "mgh", "minc", "nrrd", "metaimage", "dicom", "bids", "pictures")
"""Kinds of volume. ``dicom:<SeriesInstanceUID>`` and ``bids:<entities>`` choose one of several images of a folder."""

NAME_LENGTH = 100
"""Greatest length of a name in characters. The name of a file consists of several names."""
_NO_PATH = re.compile(r"[{}\x00-\x1f\x7f]")


def why_no_path(text: str) -> str | None:
    """Why a text cannot be the path of an input; None if it can. Braces mean wildcards to Snakemake."""
    found = _NO_PATH.search(text)
    return f"a path has no {found[0]!r}; rename the file, or its folder" if found else None


@dataclass(frozen=True)
class Volume:
    """A subject's volume as the manifest describes it. An empty cell is `None`.

    ``path``, ``lr_path`` and ``mask`` are relative to the current directory (the repository's root) or absolute.
    ``axis`` and ``slices`` (a range, ``first:last[:step]``) override the study's. ``kind`` is one of `KINDS`.
    """

    subject: str
    path: Path
    split: str
    group: str = "main"
    lr_path: Path | None = None
    mask: Path | None = None
    axis: str | None = None
    slices: str | None = None
    kind: str | None = None
    licence: str | None = None


def named_kind(path: Path) -> str | None:
    """The kind of a file by the end of its name; None if the end is not known."""
    name = path.name.lower()
    return next((kind for suffix, kind in SUFFIXES.items() if name.endswith(suffix)), None)
