"""Check every volume of a study, all problems at once, before anything else runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mrisr import plugins
from mrisr.planning.job import Job
from mrisr.planning.methods import constant
from mrisr.volumes.manifest import Volume

from .slice import READ_BYTES, READ_RATE, VOXELS_A_SECOND, row_settings, slice_settings
from .stage import Asks, Stage, Takes

TABLE_BYTES = 1000


class Check(Stage):
    """One job checks all volumes of all splits, and that every method of the study can be made."""

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
                "slices": {**slice_settings(self.study), "limit_gib": self.study.slices.limit_gib},
                "methods": list(self._methods()),
            },
        )

    def _row(self, volume: Volume) -> dict[str, str | None]:
        """A row of the manifest with what applies to it; its licence changes nothing."""
        row = {name: None if value is None else str(value) for name, value in vars(volume).items()}
        return {**row, **row_settings(self.study, volume), "slices": None, "licence": None}

    def _methods(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Key in the study, shelf, plug-in and options of every method that can be made before anything is learned."""
        study, grid = self.study, self.study.protocol.grid
        for scale in study.protocol.scales:
            model_scale = scale if grid == "low" else 1
            made_later = {*study.mixtures, *study.estimated}
            for name, method in study.degradations.items():
                if name not in made_later:
                    options = {"scale": scale, "grid": grid, **method.options}
                    yield f"degradations.{name}", "degradations", method.kind or name, options
            for name, method in study.kernels.items():
                yield f"kernels.{name}", "kernels", method.kind or name, {"scale": scale, **method.options}
            for name, method in study.architectures.items():
                options = {"scale": model_scale, **method.options}
                yield f"architectures.{name}", "models", method.kind or name, options
            for name, method in study.evaluation.baselines.items():
                kind = method.kind or name
                both = "grid" in plugins.describe("baselines", kind).options
                given = {"scale": scale, "grid": grid} if both else {"scale": model_scale}
                yield f"evaluation.baselines.{name}", "baselines", kind, {**given, **method.options}
        for name, method in study.losses.items():
            yield f"losses.{name}", "losses", method.kind or name, dict(method.options)
        for name, method in study.evaluation.metrics.items():
            learned = constant("metrics", name, method, "NEEDS") or {}
            if all(method.options.get(option) for option in learned):
                yield f"evaluation.metrics.{name}", "metrics", method.kind or name, dict(method.options)

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
