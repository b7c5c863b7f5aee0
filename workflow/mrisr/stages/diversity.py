"""Measure mode collapse: how much the outputs of each model differ from slice to slice."""

from __future__ import annotations

from typing import Any

from mrisr.planning.job import Job

from .estimating import Estimating
from .stage import Asks, Takes

SLICES = 12
"""Slices of a subject that are used at most."""
SLOW_MINUTES = 5.0
"""Time of a large network on a slow core."""


class Diversity(Estimating):
    """One job measures all models. A study asks for it by ``evaluation.diversity``."""

    NAME, RULE, VERB = "diversity", "measure_diversity", "diversity"
    ACTION = "mrisr.evaluation.diversity"
    FILES = {"diversity": "tables/diversity.csv"}
    RECORD = "tables/diversity.run.json"
    DISTRIBUTIONS = ("pandas",)
    DOING = "measuring diversity"
    NOMINAL_SECONDS = 60.0

    def job(self) -> Job:
        """The job of the study: every model, on the test set of the degradation that it was trained on."""
        models = self._models()
        trained = [self.jobs.job("train", **names) for names in models]
        pairs = {
            f"x{names['scale']}/{names['training_set']}/fold{names['fold']}": self.jobs.pairs(
                names["scale"], names["training_set"], "test", names["fold"]
            )
            for names in models
        }
        return self.make(
            {},
            settings={"models": models, "groups": dict(self.subjects.groups), "threads": self.study.evaluation.threads},
            modules=sorted({f"mrisr.models.{job.settings['architecture']['kind']}" for job in trained}),
            reads={
                "weights": [job.writes["weights"] for job in trained],
                "test_sets": {name: files for name, (files, _) in pairs.items()},
            },
            needs={
                "weights": [job.identity for job in trained],
                "test_sets": {name: identities for name, (_, identities) in pairs.items()},
            },
            context={"device": self.study.evaluation.device},
        )

    def _models(self) -> list[dict[str, Any]]:
        """The models whose own degradation is tested."""
        return [names for names in self.jobs.models() if names["training_set"] in self.study.test_sets]

    def targets(self) -> list[dict[str, Any]]:
        """One job if the study asks for it."""
        return [{}] if self.study.evaluation.diversity else []

    def asks(self, costs: Any) -> Asks:
        """Memory for the largest network and an estimate of a slice; time for all models."""
        return Asks(self.memory_of_estimates(costs), 5 + SLOW_MINUTES * len(self._models()))

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time of an output of every model for some slices; disk space of the table."""
        tested = [costs.geometries.of(subject) for subject in job.settings["groups"]]
        slices, shape = sum(min(geometry.slices, SLICES) for geometry in tested), costs.largest(tested).shape
        execution = {"threads": job.settings["threads"], "device": self.study.evaluation.device}
        trained = [self.jobs.job("train", **names).settings for names in job.settings["models"]]
        seconds = slices * sum(costs.calibration.estimate(own, shape, **execution) for own in trained)
        return Takes(seconds, costs.BYTES_A_ROW * len(trained) * len(tested))
