"""Cut a volume into normalised slices."""

from __future__ import annotations

import math
from typing import Any

from mrisr.planning.job import Job
from mrisr.study.config import StudyConfig
from mrisr.volumes.row import Volume, named_kind

from .stage import Asks, Stage, Takes

READ_BYTES = 14
"""A voxel while a volume is read, normalised, cut and written."""
READ_RATE = 2e6
"""Voxels read a second on a slow core."""
VOXELS_A_SECOND = 6e6
"""Reading, normalising and cutting (measured on the built-in volumes, gzip included)."""


READERS = {
    **dict.fromkeys(("nifti", "analyze", "mgh", "minc", "bids"), ("nibabel",)),
    **dict.fromkeys(("nrrd", "metaimage"), ("simpleitk",)),
    "dicom": ("pydicom", "python-gdcm"),
    "pictures": ("pillow", "tifffile"),
}
"""Libraries that read a kind of volume."""
ALL_READERS = tuple(sorted({name for names in READERS.values() for name in names}))


class Slice(Stage):
    """One job is one volume."""

    NAME, RULE, VERB = "slice", "slice_volume", "slice"
    ACTION = "mrisr.volumes.slicing"
    KEY = "{subject}"
    FILES = {"slices": "slices/{subject}.safetensors"}
    RECORD = "slices/{subject}.run.json"
    INFLUENCE = ("subject",)
    NOMINAL_SECONDS = 3.0

    def job(self, subject: str) -> Job:
        """The job of a subject of the manifest."""
        volume = self.subjects.volume(subject)
        files = self.subjects.files(subject, "path", "mask")
        return self.make(
            {"subject": subject},
            settings={
                **slice_settings(self.study),
                **row_settings(self.study, volume),
                "count": self.subjects.counts[subject],
                "subject": subject,
            },
            modules=("mrisr.volumes.readers",),
            reads={"volume": list(files)},
            needs={"content": list(files.values())},
            context={"volume": volume, "limit_gib": self.study.slices.limit_gib},
            distributions=READERS.get(str(volume.kind or named_kind(volume.path)).partition(":")[0], ALL_READERS),
        )

    def targets(self) -> list[dict[str, Any]]:
        """Every volume of the manifest is cut, also one that no model is tested on."""
        return [{"subject": subject} for subject in self.subjects.volumes]

    def asks(self, costs, subject: str) -> Asks:
        """The volume in memory, read at a slow core's rate."""
        voxels = costs.geometries.of(subject).voxels
        return Asks(costs.BASE_MB + voxels * READ_BYTES / costs.MB, voxels / READ_RATE / 60)

    def takes(self, costs, job: Job) -> Takes:
        """The volume read and cut; its slices on disk."""
        geometry = costs.geometries.of(job.wildcards["subject"])
        return Takes(geometry.voxels / VOXELS_A_SECOND, geometry.bytes)


def row_settings(study: StudyConfig, volume: Volume) -> dict[str, str | None]:
    """What applies to a volume, wherever it is written: in its row, in the study, or in its name."""
    return {
        "axis": str(study.slices.axis if volume.axis is None else volume.axis),
        "range": volume.slices or study.slices.range,
        "kind": volume.kind or named_kind(volume.path),
    }


def slice_settings(study: StudyConfig) -> dict[str, Any]:
    """What of the section ``slices`` changes a slice, and what the sides of a slice have to be multiples of.

    Counts are left out, and the limit, which changes no slice that is made.
    """
    multiple = math.lcm(*study.protocol.scales)
    return {**study.slices.model_dump(exclude={"count", "limit_gib"}), "multiple": multiple}
