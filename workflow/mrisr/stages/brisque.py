"""Train the regressor of the metric BRISQUE on the slices of the training subjects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError
from mrisr.planning.job import Job
from mrisr.quality import ratings
from mrisr.volumes.files import why_unreadable

from .slice import READERS
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
        rated, digests = self._rated()
        return self.make(
            {"fold": fold},
            settings=self.study.brisque.model_dump(exclude={"scores"}),
            reads={"references": [job.writes["slices"] for job in sliced], **rated},
            needs={"references": [job.identity for job in sliced], **digests},
            distributions=READERS["pictures"] if "pictures" in rated else (),
        )

    def _rated(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The table of people's scores and the pictures that it names, by role; and their digests."""
        scores = self.study.brisque.scores
        if not scores:
            return {}, {}
        self._require("a table of scores, or null for the proxy", scores)
        pictures = [str(path) for path in ratings.pictures(scores)]
        for path in pictures:
            self._require(f"the pictures that {scores} names", path)
        reads, digests = {"scores": scores}, {"scores": self.subjects.digests(Path(scores))}
        if not pictures:
            return reads, digests
        own = [self.subjects.digests(Path(path)) for path in pictures]
        return {**reads, "pictures": pictures}, {**digests, "pictures": own}

    def _require(self, wanted: str, path: str) -> None:
        if not Path(path).exists():
            raise InputError(f"brisque.scores: there is no file {path}; give {wanted}")
        if problem := why_unreadable(path):
            raise InputError(f"brisque.scores: {path} {problem}; give {wanted}")

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
