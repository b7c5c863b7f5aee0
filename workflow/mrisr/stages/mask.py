"""Cut a volume's mask like its slices."""

from __future__ import annotations

from typing import Any

from mrisr.planning.job import Job

from .slice import READ_BYTES, READ_RATE, VOXELS_A_SECOND, readers, row_settings, slice_settings
from .stage import Asks, Stage, Takes


class Mask(Stage):
    """One job cuts one mask. Only metrics inside the mask need it."""

    NAME, RULE, VERB = "mask", "cut_mask", "mask"
    ACTION = "mrisr.volumes.masks"
    KEY = "{subject}"
    FILES = {"mask": "masks/{subject}.safetensors"}
    RECORD = "masks/{subject}.run.json"
    INFLUENCE = ("subject",)

    def job(self, subject: str) -> Job:
        """The job of a subject whose row names a mask."""
        volume, sliced = self.subjects.volume(subject), self.jobs.job("slice", subject=subject)
        files = self.subjects.files(subject, "mask")
        return self.make(
            {"subject": subject},
            settings={**slice_settings(self.study), **row_settings(self.study, volume, "mask"), "subject": subject},
            modules=("mrisr.volumes.readers",),
            reads={"mask": [path for path, _ in files], "slices": sliced.writes["slices"]},
            needs={"content": [content for _, content in files], "slices": sliced.identity},
            context={"volume": volume, "limit_gib": self.study.slices.limit_gib},
            distributions=readers(volume, "mask"),
        )

    def published(self, job: Job) -> dict[str, str]:
        """Nothing: a mask has the outline of a person."""
        return {}

    def asks(self, costs: Any, subject: str) -> Asks:
        """Memory for the mask; time to read it on a slow core."""
        voxels = costs.geometries.of(subject).voxels
        return Asks(costs.BASE_MB + voxels * READ_BYTES / costs.MB, voxels / READ_RATE / 60)

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time to read and cut the mask; disk space of one byte a pixel."""
        geometry = costs.geometries.of(job.wildcards["subject"])
        return Takes(geometry.voxels / VOXELS_A_SECOND, geometry.bytes / 4)
