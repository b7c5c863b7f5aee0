"""Cut a volume into normalised slices."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from mrisr.planning.job import Job
from mrisr.study.config import StudyConfig
from mrisr.volumes.names import named_kind
from mrisr.volumes.row import ROLES, Volume

from .stage import Asks, Stage, Takes

READ_BYTES = 14
"""Bytes per voxel while a volume is read, normalised, cut and written."""
READ_RATE = 2e6
"""Voxels read a second on a slow core."""
VOXELS_A_SECOND = 6e6
"""Voxels read, normalised and cut a second (measured on the built-in volumes, gzip included)."""


READERS = {
    **dict.fromkeys(("nifti", "analyze", "mgh", "bids"), ("nibabel",)),
    **dict.fromkeys(("minc", "nrrd", "metaimage"), ("nibabel", "simpleitk")),
    "dicom": ("nibabel", "pydicom", "python-gdcm"),
    "pictures": ("nibabel", "pillow", "simpleitk", "tifffile"),
}
"""Libraries that read a kind of volume. Nibabel says of every kind which axis a name means."""
ALL_READERS = tuple(sorted({name for names in READERS.values() for name in names}))


class Slice(Stage):
    """One job cuts one volume."""

    NAME, RULE, VERB = "slice", "slice_volume", "slice"
    ACTION = "mrisr.volumes.slicing"
    KEY = "{subject}"
    FILES = {"slices": "slices/{subject}.safetensors"}
    RECORD = "slices/{subject}.run.json"
    INFLUENCE = ("subject",)
    NOMINAL_SECONDS = 3.0

    def job(self, subject: str) -> Job:
        """The job of a subject of the manifest."""
        volume = as_cut(self.study, self.subjects.volume(subject))
        files = self.subjects.files(subject, "path", *(() if volume.mask is None else ("mask",)))
        return self.make(
            {"subject": subject},
            settings={
                **slice_settings(self.study),
                **row_settings(self.study, volume, "path", "mask"),
                "count": self.subjects.counts[subject],
                "subject": subject,
            },
            modules=("mrisr.volumes.readers",),
            reads={"volume": list(dict.fromkeys(path for path, _ in files))},
            needs={"content": [content for _, content in files]},
            context={"volume": volume, "limit_gib": self.study.slices.limit_gib},
            distributions=readers(volume, "path", "mask"),
        )

    def targets(self) -> list[dict[str, Any]]:
        """All volumes of the manifest. Volumes that no model is tested on are cut too."""
        return [{"subject": subject} for subject in self.subjects.volumes]

    def published(self, job: Job) -> dict[str, str]:
        """Nothing: slices are a volume."""
        return {}

    def asks(self, costs, subject: str) -> Asks:
        """Memory for the volume; time to read it on a slow core."""
        voxels = costs.geometries.of(subject).voxels
        return Asks(costs.BASE_MB + voxels * READ_BYTES / costs.MB, voxels / READ_RATE / 60)

    def takes(self, costs, job: Job) -> Takes:
        """Time to read and cut the volume; disk space of its slices."""
        geometry = costs.geometries.of(job.wildcards["subject"])
        return Takes(geometry.voxels / VOXELS_A_SECOND, geometry.bytes)


def as_cut(study: StudyConfig, volume: Volume) -> Volume:
    """A volume without its mask, if the mask changes no slice."""
    return replace(volume, mask=None, mask_kind=None) if study.slices.outside_mask == "keep" else volume


def row_settings(study: StudyConfig, volume: Volume, *roles: str) -> dict[str, str | None]:
    """Axis, range of slices and kinds of a row's volumes: from the row, or else from the study or the files' names."""
    return {
        "axis": str(study.slices.axis if volume.axis is None else volume.axis),
        "range": volume.slices or study.slices.range,
        **{ROLES[role]: _kind(volume, role) for role in roles},
    }


def readers(volume: Volume, *roles: str) -> tuple[str, ...]:
    """Libraries that read what a row names in some columns."""
    kinds = [str(_kind(volume, role)).partition(":")[0] for role in roles if getattr(volume, role) is not None]
    return tuple(sorted({name for kind in kinds for name in READERS.get(kind, ALL_READERS)}))


def _kind(volume: Volume, role: str) -> str | None:
    path = getattr(volume, role)
    return volume.kind_of(role) or (None if path is None else named_kind(path))


def slice_settings(study: StudyConfig) -> dict[str, Any]:
    """The keys of ``slices`` that change a slice, and ``multiple``: the sides of slices must be multiples of it.

    The counts and the limit are left out, because they change no slice that is made. Whether a mask changes slices is
    left out too: then the slices' job has the mask, else it has none.
    """
    multiple = math.lcm(*study.protocol.scales)
    return {**study.slices.model_dump(exclude={"count", "limit_gib", "outside_mask"}), "multiple": multiple}
