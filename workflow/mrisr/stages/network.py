"""Train a downsampling network on the training subjects' pairs."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mrisr.memory import KEPT_SLICES
from mrisr.planning.job import Job
from mrisr.planning.methods import described
from mrisr.study.config import Method

from .learning import KERNELS, require_learning
from .limits import training_limits, training_steps
from .stage import Asks, Stage, Takes, is_finished
from .train import PAIR_BYTES, measured, training_context, training_settings

MEGABYTES = 2000
"""Memory of a training step on the CPU."""
BYTES = 3_000_000
"""Disk space of weights, history and the finished state."""


class TrainDownsampler(Stage):
    """One job trains one network, in one fold if there are folds. It keeps its state when it is stopped."""

    NAME, RULE, VERB = "network", "train_downsampler", "kernels"
    ACTION = "mrisr.training.stage"
    KEY = f"{KERNELS}{{fold_folder}}"
    FILES = {
        "weights": f"kernels/{KERNELS}/network{{fold_folder}}/weights.safetensors",
        "history": f"kernels/{KERNELS}/network{{fold_folder}}/history.csv",
    }
    RECORD = f"kernels/{KERNELS}/network{{fold_folder}}/run.json"
    INFLUENCE = ("method",)
    SECTION = "kernels.<method>.training"
    RESUMABLE, DOING = True, "training"
    NOMINAL_SECONDS = 60.0

    def job(self, fold: int | None = None, **names: Any) -> Job:
        """The job of a method of the section ``kernels`` that gives a network."""
        require_learning(self.study, names, "network")
        chosen = self.study.kernels[names["method"]]
        known = described("kernels", names["method"], chosen)
        loss = described("losses", chosen.loss, Method())
        options = self.study.training_of(chosen)
        train_files, train_needs = self.jobs.pairs(names["scale"], chosen.source, "train", fold or 0)
        validation_files, validation_needs = self.jobs.pairs(names["scale"], chosen.source, "validation", fold or 0)
        return self.make(
            {**names, "fold": fold},
            settings={
                "architecture": {**known, "shelf": "kernels"},
                "loss": loss,
                "scale": int(names["scale"]),
                "training": training_settings(options),
                "seed": chosen.seed,
            },
            modules=(f"mrisr.kernels.{known['kind']}", f"mrisr.losses.{loss['kind']}"),
            reads={"train": train_files, "validation": validation_files},
            needs={"train": train_needs, "validation": validation_needs},
            context=training_context(options, {**names, **({} if fold is None else {"fold": fold})}),
        )

    def is_fold_specific(self, wildcards: Mapping[str, Any]) -> bool:
        """Each fold has other training subjects."""
        return bool(self.study.folds)

    def threads(self, wildcards: Mapping[str, Any]) -> int:
        """The threads of the method's training."""
        return self.study.training_of(self.study.kernels[wildcards["method"]]).threads

    def device(self, wildcards: Mapping[str, Any]) -> str:
        """The device of the method's training."""
        return self.study.training_of(self.study.kernels[wildcards["method"]]).device

    def asks(self, costs, method: str) -> Asks:
        """Memory for slices and a step. The time is the longest of a job, because another job can continue."""
        on_gpu = costs.device(self.device({"method": method})) != "cpu"
        memory = costs.TORCH_MB + KEPT_SLICES / costs.MB + (costs.CUDA_MB if on_gpu else MEGABYTES)
        options = self.study.training_of(self.study.kernels[method])
        memory += PAIR_BYTES * options.batch * (options.patch or 0) ** 2 / costs.MB
        return Asks(memory, costs.limited(math.inf))

    def limits(self, costs, memory: float, jobs: Sequence[Job]) -> Iterable[str]:
        """The patch, the batch and the number of steps."""
        for method, fold in dict.fromkeys((job.wildcards["method"], job.fold) for job in jobs):
            options = self.study.training_of(self.study.kernels[method])
            key = functools.partial(self._key, method)
            yield from training_limits(key, options, costs.geometries.named("train", fold), memory)

    def _key(self, method: str, option: str) -> str:
        """Where the study sets an option for a method."""
        own = option in self.study.kernels[method].training
        return f"kernels.{method}.training.{option}" if own else f"training.{option}"

    def takes(self, costs, job: Job) -> Takes:
        """Time of all steps, from the measured time of one; disk space of weights and history."""
        if is_finished(job, costs.checkpoints):
            return Takes(0.0, BYTES)
        pairs = costs.geometries.split("train", job.fold)
        steps = training_steps(self.study.training_of(self.study.kernels[job.wildcards["method"]]), pairs)
        return Takes(steps * costs.calibration.training_step(measured(job), costs.largest(pairs).shape), BYTES)
