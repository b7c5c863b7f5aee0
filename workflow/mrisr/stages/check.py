"""Check every volume of a study, all problems at once, before anything else runs."""

from __future__ import annotations

from typing import Any

from mrisr.planning.job import Job
from mrisr.volumes.manifest import Volume
from mrisr.volumes.row import ROLES

from .slice import ALL_READERS, READ_BYTES, READ_RATE, VOXELS_A_SECOND, row_settings, slice_settings
from .stage import Asks, Stage, Takes

TABLE_BYTES = 1000
"""Disk space of the tables."""


class Check(Stage):
    """One job checks all volumes of all splits."""

    NAME, RULE, VERB = "check", "check_volumes", "check"
    ACTION = "mrisr.volumes.check"
    FILES = {"table": "volumes.csv", "shown": "tables/volumes.csv"}
    RECORD = "volumes.run.json"
    DOING = "checking volumes"
    DISTRIBUTIONS = ("pandas", *ALL_READERS)
    NOMINAL_SECONDS = 5.0

    def job(self) -> Job:
        """The job of the study."""
        files = [file for subject in self.subjects.volumes for file in self.subjects.files(subject, *ROLES)]
        return self.make(
            {},
            settings={
                "slices": {**slice_settings(self.study), "axis": None, "range": None, **self._outside()},
                "counts": self.subjects.counts,
                "allow_leakage": self.study.allow_leakage,
                "volumes": [self._row(volume) for volume in self.subjects.checked],
                **({"in_colour": names} if (names := self._in_colour()) else {}),
            },
            reads={"volumes": list(dict.fromkeys(path for path, _ in files))},
            needs={"content": [content for _, content in files]},
            context={
                "volumes": self.subjects.checked,
                "manifest": self.study.volumes,
                "slices": {**slice_settings(self.study), "limit_gib": self.study.slices.limit_gib, **self._outside()},
                "shifts": self.study.shifts,
            },
        )

    def _outside(self) -> dict[str, str]:
        """What is done outside masks, if it is not the usual."""
        outside = self.study.slices.outside_mask
        return {} if outside == "zero" else {"outside_mask": outside}

    def _in_colour(self) -> list[str]:
        """The metrics that compare the luma of colours."""
        return [name for name, method in self.study.evaluation.metrics.items() if method.options.get("luma")]

    def _row(self, volume: Volume) -> dict[str, str | None]:
        """What the manifest and the study say about a volume."""
        row = {name: None if value is None else str(value) for name, value in vars(volume).items()}
        return {**row, **row_settings(self.study, volume, *ROLES), "slices": None}

    def targets(self) -> list[dict[str, Any]]:
        """Every study checks its volumes."""
        return [{}]

    def published(self, job: Job) -> dict[str, str]:
        """Nothing: a table names paths of this machine; the artifact has a table of its own."""
        return {}

    def asks(self, costs) -> Asks:
        """Memory for the largest volume; time to read all volumes."""
        voxels = [costs.geometries.of(subject).voxels for subject in self.subjects.volumes]
        return Asks(costs.BASE_MB + max(voxels) * READ_BYTES / costs.MB, sum(voxels) / READ_RATE / 60)

    def takes(self, costs, job: Job) -> Takes:
        """Time to read and cut all volumes; disk space of the table."""
        voxels = sum(costs.geometries.of(subject).voxels for subject in self.subjects.volumes)
        return Takes(voxels / VOXELS_A_SECOND, TABLE_BYTES)
