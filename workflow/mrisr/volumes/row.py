"""One row of a manifest, and the allowed values of its cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "validation", "test")
AXES = ("axial", "coronal", "sagittal", "0", "1", "2")
KINDS = ("nifti", "analyze", "mgh", "minc", "nrrd", "metaimage", "dicom", "bids", "pictures")
"""Kinds of volume. ``dicom:<SeriesInstanceUID>`` and ``bids:<entities>`` choose one of several images of a folder."""


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
