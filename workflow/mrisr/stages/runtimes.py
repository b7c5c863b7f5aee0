"""Measure how long every method of the study takes for a slice and for a volume of each test group."""

from __future__ import annotations

from typing import Any

from mrisr import plugins
from mrisr.planning.job import Job
from mrisr.planning.methods import described
from mrisr.planning.tables import ceilings

from .estimating import Estimating
from .stage import Asks, Takes

SECONDS = 10.0
"""Time of a method on a test group: estimates for some seconds, and a slow method's first one."""


class Runtimes(Estimating):
    """One job at each scale measures all methods. A study asks for it by ``evaluation.runtimes``."""

    NAME, RULE, VERB = "runtimes", "measure_runtimes", "runtimes"
    ACTION = "mrisr.evaluation.runtimes"
    KEY = "x{scale}"
    FILES = {"runtimes": "timings/x{scale}/runtimes.csv"}
    RECORD = "timings/x{scale}/runtimes.run.json"
    DISTRIBUTIONS = ("pandas",)
    DOING = "measuring run times"
    NOMINAL_SECONDS = 60.0

    def job(self, scale: int) -> Job:
        """The job of a scale: models of the first training set, seed and fold, and all baselines but the ceiling."""
        study, scale = self.study, int(scale)
        run = {"scale": scale, "training_set": study.training_sets[0], "seed": study.seeds[0], "fold": 0}
        models = [names for names in self.jobs.models() if run.items() <= names.items()]
        trained = [self.jobs.job("train", **names) for names in models]
        known = {
            name: described("baselines", name, method)
            for name, method in study.evaluation.baselines.items()
            if name not in ceilings(study)
        }
        groups = {
            group: next(name for name, own in self.subjects.groups.items() if own == group)
            for group in self.subjects.group_names
        }
        test_set = study.members(study.test_sets[0])[0]
        degraded = {
            group: self.jobs.degraded(scale, test_set, subject, self.subjects.testing_fold(subject))
            for group, subject in groups.items()
        }
        return self.make(
            {"scale": scale},
            settings={
                "models": [[names["architecture"], names["loss"]] for names in models],
                "baselines": known,
                "groups": groups,
                "scale": scale,
                "grid": study.protocol.grid,
                "threads": study.evaluation.threads,
            },
            modules=(
                *sorted({f"mrisr.models.{job.settings['architecture']['kind']}" for job in trained}),
                *(module for method in known.values() for module in plugins.modules("baselines", method)),
            ),
            reads={
                "weights": [job.writes["weights"] for job in trained],
                "slices": {group: job.writes["slices"] for group, job in degraded.items()},
            },
            needs={
                "weights": [job.identity for job in trained],
                "slices": {group: job.identity for group, job in degraded.items()},
            },
            context={"device": study.evaluation.device},
        )

    def targets(self) -> list[dict[str, Any]]:
        """One job at each scale, if the study asks for it."""
        return [{"scale": scale} for scale in self.study.protocol.scales] if self.study.evaluation.runtimes else []

    def asks(self, costs: Any) -> Asks:
        """Memory for the largest network and an estimate of a slice; time for all methods."""
        entries = {(model["architecture"], model["scale"]) for model in self.jobs.models()}
        count = (len(entries) + len(self.study.evaluation.baselines)) * len(self.subjects.group_names)
        return Asks(self.memory_of_estimates(costs), 5 + count * SECONDS / 60)

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time for all methods on all groups; disk space of the table."""
        count = (len(job.settings["models"]) + len(job.settings["baselines"])) * len(job.settings["groups"])
        return Takes(SECONDS * count, costs.BYTES_A_ROW * count)
