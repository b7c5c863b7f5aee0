"""Score one model on every test set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr.planning.job import Job

from .estimating import Estimating
from .scoring import Scoring, scored_sets, tested_pixels
from .stage import Asks, Takes
from .train import MODEL, OPTIMISER, model_names


class Evaluate(Estimating, Scoring):
    """One job scores one model on all test sets. Smaller jobs would spend most of their time on the start."""

    NAME, RULE, VERB = "evaluate", "evaluate_model", "evaluate"
    ACTION = "mrisr.evaluation.evaluate"
    KEY = MODEL
    FILES = {"scores": f"scores/{MODEL}/scores.csv"}
    RECORD = f"scores/{MODEL}/run.json"
    INFLUENCE = ("architecture", "scale", "fold")
    DOING = "evaluating"
    NOMINAL_SECONDS = 10.0

    def job(self, **names: Any) -> Job:
        """The job of a model."""
        names = model_names(**names)
        trained, evaluation = self.jobs.job("train", **names), self.study.evaluation
        return self.scoring(
            names,
            settings={
                "save_estimates": evaluation.save_estimates,
                "threads": evaluation.threads,
            },
            modules=(f"mrisr.models.{trained.settings['architecture']['kind']}",),
            reads={"weights": trained.writes["weights"]},
            needs={"weights": trained.identity},
            writes=self._estimates(names),
            context={"names": names, "device": evaluation.device},
        )

    def _estimates(self, names: Mapping[str, Any]) -> dict[str, str]:
        """Estimates that are kept beside the scores, by test set and subject."""
        if not self.study.evaluation.save_estimates:
            return {}
        folder = Path(self.patterns()["scores"].format(**names)).parent / "estimates"
        kept = [
            f"{test_set}/{s}" for test_set in self.study.scored_sets for s in self.subjects.of("test", names["fold"])
        ]
        return {name: (folder / f"{name}.safetensors").as_posix() for name in kept}

    def is_fold_specific(self, wildcards: Mapping[str, Any]) -> bool:
        """A model always has a fold."""
        return True

    def published(self, job: Job) -> dict[str, str]:
        """The scores. The estimates are images."""
        return {role: job.writes[role] for role in self.FILES}

    def asks(self, costs, architecture: str, scale: str, fold: str) -> Asks:
        """Memory and time of scoring, and of the network's estimates."""
        tested, evaluation = costs.geometries.split("test", int(fold)), self.study.evaluation
        needed, (memory, minutes) = costs.network(architecture, scale), self.asks_scoring(costs, fold)
        memory += costs.TORCH_MB - costs.BASE_MB + needed.parameters * OPTIMISER / costs.MB
        if evaluation.save_estimates:
            memory += 2 * max(geometry.bytes for geometry in tested) / costs.MB
        if costs.device(evaluation.device) == "cpu":
            memory += costs.largest(tested).pixels * needed.largest * costs.ESTIMATE_ARRAYS / costs.MB
            rate = costs.CPU_RATE * evaluation.threads
        else:
            memory, rate = memory + costs.CUDA_MB, costs.CUDA_RATE
        return Asks(memory, minutes + needed.flops * tested_pixels(self.jobs, costs, fold) / rate / 60)

    def takes(self, costs, job: Job) -> Takes:
        """Time of scoring, and of an estimate of every slice; disk space of scores and saved estimates."""
        trained, scoring = self.jobs.job("train", **job.wildcards), self.takes_scoring(costs, job)
        tested = costs.geometries.split("test", job.fold)
        execution = {"threads": job.settings["threads"], "device": self.study.evaluation.device}
        one = costs.calibration.estimate(trained.settings, costs.largest(tested).shape, **execution)
        count = sum(geometry.slices for geometry in tested)
        kept = sum(geometry.bytes for geometry in tested) * len(self.study.scored_sets)
        size = scoring.bytes + (kept if job.settings["save_estimates"] else 0)
        return Takes(scoring.seconds + one * count * scored_sets(self.jobs), size)
