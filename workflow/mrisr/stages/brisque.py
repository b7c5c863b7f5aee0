"""Train the regressor of the metric BRISQUE on the slices of the training subjects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError
from mrisr.planning.job import Job
from mrisr.volumes.files import why_unreadable

from .stage import Asks, Stage, Takes

MEGABYTES = 600
"""Working memory beside the slices."""
BYTES = 400_000
"""Disk space of a regressor."""


class TrainBrisque(Stage):
    """One job trains one regressor, in one fold if there are folds."""

    NAME, RULE, VERB = "brisque", "train_brisque", "brisque"
    ACTION = "mrisr.quality.stage"
    KEY = "{fold_folder}"
    FILES = {"regressor": "brisque{fold_folder}/regressor.safetensors"}
    RECORD = "brisque{fold_folder}/run.json"
    INFLUENCE = ("fold",)
    DOING = "training BRISQUE"
    NOMINAL_SECONDS = 60.0

    def job(self, fold: int | None = None) -> Job:
        """The job of the study. With folds, the job of one fold."""
        sliced = [self.jobs.job("slice", subject=subject) for subject in self.subjects.of("train", fold or 0)]
        scores = self.study.brisque.scores
        if scores and not Path(scores).exists():
            raise InputError(
                f"brisque.scores: there is no file {scores}; give a table of scores, or null for the proxy"
            )
        if scores and (problem := why_unreadable(scores)):
            raise InputError(f"brisque.scores: {scores} {problem}; give a table of scores, or null for the proxy")
        rated = {"scores": scores} if scores else {}
        return self.make(
            {"fold": fold},
            settings=self.study.brisque.model_dump(exclude={"scores"}),
            reads={"references": [job.writes["slices"] for job in sliced], **rated},
            needs={
                "references": [job.identity for job in sliced],
                **{role: self.subjects.digests(Path(path)) for role, path in rated.items()},
            },
        )

    def is_fold_specific(self, wildcards: Mapping[str, Any]) -> bool:
        """Each fold has other training subjects."""
        return bool(self.study.folds)

    def result_options(self) -> dict[str, str]:
        """Where the regressor's scores come from."""
        return {"learnt": "from people's scores" if self.study.brisque.scores else "from a proxy, 200 x GMSD"}

    def asks(self, costs: Any, fold: str) -> Asks:
        """Memory for all training slices; a fixed time."""
        slices = sum(geometry.bytes for geometry in costs.geometries.split("train", int(fold)))
        return Asks(costs.BASE_MB + MEGABYTES + slices / costs.MB, 30)

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time to distort every reference slice and to find the features; disk space of the regressor."""
        shape = costs.largest(costs.geometries.split("train", job.fold)).shape
        return Takes(job.settings["slices"] * costs.calibration.distortions(shape), BYTES)
