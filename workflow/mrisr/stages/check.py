"""Check every volume of a study, all problems at once, before anything else runs."""

from __future__ import annotations

from typing import Any

from mrisr.planning.job import Job
from mrisr.volumes.manifest import Volume

from .slice import READ_BYTES, READ_RATE, VOXELS_A_SECOND, row_settings, slice_settings
from .stage import Asks, Stage, Takes

TABLE_BYTES = 1000


class Check(Stage):
    """One job checks all volumes of all splits."""

    NAME, RULE, VERB = "check", "check_volumes", "check"
    ACTION = "mrisr.volumes.check"
    FILES = {"table": "volumes.csv"}
    RECORD = "volumes.run.json"
    DOING = "checking volumes"
    DISTRIBUTIONS = ("nibabel", "pandas", "pydicom", "simpleitk", "tifffile")
    NOMINAL_SECONDS = 5.0

    def job(self) -> Job:
        """The job of the study."""
        files: dict[str, Any] = {}
        for subject in self.subjects.volumes:
            files |= self.subjects.files(subject, "path", "mask", "lr_path")
        return self.make(
            {},
            settings={
                "slices": {**slice_settings(self.study), "axis": None, "range": None},
                "counts": self.subjects.counts,
                "allow_leakage": self.study.allow_leakage,
                "volumes": [self._row(volume) for volume in self.subjects.checked],
            },
            reads={"volumes": list(files)},
            needs={"content": list(files.values())},
            context={
                "volumes": self.subjects.checked,
                "manifest": self.study.volumes,
                "slices": slice_settings(self.study),
            },
        )

    def _row(self, volume: Volume) -> dict[str, str | None]:
        """A row of the manifest with what applies to it; its licence changes nothing."""
        row = {name: None if value is None else str(value) for name, value in vars(volume).items()}
        return {**row, **row_settings(self.study, volume), "slices": None, "licence": None}

    def targets(self) -> list[dict[str, Any]]:
        """Every study checks its volumes."""
        return [{}]

    def asks(self, costs) -> Asks:
        """The largest volume in memory; all of them read."""
        voxels = [costs.geometries.of(subject).voxels for subject in self.subjects.volumes]
        return Asks(costs.BASE_MB + max(voxels) * READ_BYTES / costs.MB, sum(voxels) / READ_RATE / 60)

    def takes(self, costs, job: Job) -> Takes:
        """All volumes read and cut."""
        voxels = sum(costs.geometries.of(subject).voxels for subject in self.subjects.volumes)
        return Takes(voxels / VOXELS_A_SECOND, TABLE_BYTES)
