"""Train one model."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mrisr import plugins
from mrisr.identity import contents
from mrisr.memory import KEPT_SLICES
from mrisr.planning.job import Job
from mrisr.planning.methods import described
from mrisr.study.config import TrainingOptions
from mrisr.study.training import optimiser_of

from .limits import training_limits, training_steps
from .stage import Asks, Stage, Takes, is_finished

MODEL = "x{scale}/{architecture}/{loss}/{training_set}/fold{fold}/seed{seed}"
"""The wildcards of a model, as a path."""
EPOCHS = f"models/{MODEL}/epochs.safetensors"
"""The file with the weights and estimates of the epochs in ``training.keep_epochs``."""
OPTIMISER = 16
"""Bytes of memory per parameter: weight, gradient, two moments."""
CHECKPOINT_BYTES = 20
"""Bytes on disk per parameter: weights, the finished state, and the newest checkpoint with its two moments."""
PAIR_BYTES = 8
"""Bytes of memory per pixel of a step: a low-resolution and a high-resolution image, float32."""
OPERATIONS = 3
"""Operations of a training step, relative to those of an estimate. The backward pass has twice those of the forward."""


class Train(Stage):
    """One job trains one model. It keeps its state when it is stopped."""

    NAME, RULE, VERB = "train", "train_model", "train"
    ACTION = "mrisr.training.stage"
    KEY = MODEL
    FILES = {"weights": f"models/{MODEL}/weights.safetensors", "history": f"models/{MODEL}/history.csv"}
    RECORD = f"models/{MODEL}/run.json"
    INFLUENCE = ("architecture", "scale", "fold")
    SECTION = "training"
    RESUMABLE, DOING = True, "training"
    NOMINAL_SECONDS = 40.0

    def job(self, scale: int, architecture: str, loss: str, training_set: str, fold: int, seed: int) -> Job:
        """The job of a model."""
        study = self.study
        names = model_names(scale, architecture, loss, training_set, fold, seed)
        model = study.architecture(architecture)
        criterion = described("losses", loss, study.losses[loss])
        options = study.training.for_architecture(architecture)
        named, files = contents.by_content("losses", criterion, self.subjects.digests)
        start, initial, initial_needs = self._start(names, options)
        train_files, train_needs = self.jobs.pairs(scale, training_set, "train", fold)
        validation_files, validation_needs = self.jobs.pairs(scale, training_set, "validation", fold)
        return self.make(
            names,
            settings={
                "architecture": model,
                "loss": named,
                "scale": study.model_scale(scale),
                "training": {**training_settings(options), "initial_weights": start},
                "seed": int(seed),
                "mixture_seed": study.mixture_seed(training_set),
            },
            modules=(
                *plugins.modules("models", model),
                *plugins.modules("losses", criterion),
            ),
            reads={"train": train_files, "validation": validation_files, "files": files, **initial},
            needs={"train": train_needs, "validation": validation_needs, **initial_needs},
            context=training_context(options, names),
        )

    def patterns(self) -> dict[str, str]:
        """Paths of weights and history, and of the kept epochs if the study keeps any."""
        training = self.study.training
        kept = any(training.for_architecture(name).keep_epochs for name in self.study.architectures)
        return super().patterns() | ({"epochs": self._below(EPOCHS)} if kept else {})

    def _start(
        self, names: Mapping[str, Any], options: TrainingOptions
    ) -> tuple[str | None, dict[str, str], dict[str, str]]:
        """The initial weights of a training: the digest of a file (or None), and what the job reads and needs."""
        start = options.initial_weights
        if isinstance(start, str):
            return contents.PREFIX + self.subjects.digests(Path(start)), {"initial": start}, {}
        if start is None or all(names[key] == value for key, value in start.items()):
            return None, {}, {}
        source = self.jobs.job(self.NAME, **(names | start))
        return None, {"initial": source.writes["weights"]}, {"initial": source.identity}

    def is_fold_specific(self, wildcards: Mapping[str, Any]) -> bool:
        """A model always has a fold. Without cross-validation it is 0."""
        return True

    def threads(self, wildcards: Mapping[str, Any]) -> int:
        """The threads in the section ``training`` for the architecture."""
        return self.study.training.for_architecture(wildcards["architecture"]).threads

    def device(self, wildcards: Mapping[str, Any]) -> str:
        """The device in the section ``training`` for the architecture."""
        return self.study.training.for_architecture(wildcards["architecture"]).device

    def published(self, job: Job) -> dict[str, str]:
        """Weights and history. The kept epochs hold estimates of a slice."""
        return {role: job.writes[role] for role in self.FILES}

    def asks(self, costs, architecture: str, scale: str, fold: str) -> Asks:
        """Memory for kept slices, the optimiser and the gradient of a step; time of all steps and validations."""
        options = self.study.training.for_architecture(architecture)
        training, validation = (costs.geometries.split(split, int(fold)) for split in ("train", "validation"))
        needed, batch = costs.network(architecture, scale), _batch_pixels(options, training)
        kept = 2 * sum(geometry.bytes for geometry in (*training, *validation))
        memory = costs.TORCH_MB + min(kept, KEPT_SLICES) / costs.MB + needed.parameters * OPTIMISER / costs.MB
        memory += PAIR_BYTES * batch / costs.MB
        validated = math.ceil(options.epochs / options.validate_every) * costs.pixels(validation)
        pixels = OPERATIONS * training_steps(options, training) * batch + validated
        if costs.device(options.device) == "cpu":
            step, estimate = needed.saved * batch * 1.5, costs.largest(validation).pixels * needed.largest
            memory += max(step, estimate * costs.ESTIMATE_ARRAYS) / costs.MB
            rate = costs.CPU_RATE * options.threads
        else:
            memory, rate = memory + costs.CUDA_MB, costs.CUDA_RATE
        return Asks(memory, costs.limited(needed.flops * pixels / rate / 60))

    def limits(self, costs, memory: float, jobs: Sequence[Job]) -> Iterable[str]:
        """The patch, the batch and the number of steps."""
        for name, fold in dict.fromkeys((job.wildcards["architecture"], job.fold) for job in jobs):
            options = self.study.training.for_architecture(name)
            key = functools.partial(self._key, name)
            yield from training_limits(key, options, costs.geometries.named("train", fold), memory)

    def _key(self, architecture: str, option: str) -> str:
        """Where the study sets an option for an architecture."""
        overridden = option in self.study.training.overrides.get(architecture, {})
        return f"training.overrides.{architecture}.{option}" if overridden else f"training.{option}"

    def takes(self, costs, job: Job) -> Takes:
        """Time of all steps and validations, from the measured time of one each; disk space of weights and states."""
        names, training = job.wildcards, costs.geometries.split("train", job.fold)
        parameters = costs.network(names["architecture"], names["scale"]).parameters
        if is_finished(job, costs.checkpoints):
            return Takes(0.0, 4 * parameters)
        options = self.study.training.for_architecture(names["architecture"])
        validation = costs.geometries.split("validation", job.fold)
        step = costs.calibration.training_step(measured(job), costs.largest(training).shape)
        execution = {"threads": options.threads, "device": options.device}
        one = costs.calibration.estimate(job.settings, costs.largest(validation).shape, **execution)
        slices = math.ceil(options.epochs / options.validate_every) * sum(g.slices for g in validation)
        return Takes(training_steps(options, training) * step + slices * one, CHECKPOINT_BYTES * parameters)


def model_names(scale, architecture, loss, training_set, fold, seed) -> dict[str, Any]:
    """The wildcards of a model. Numbers that are given as text are converted."""
    return {
        "scale": int(scale),
        "architecture": architecture,
        "loss": loss,
        "training_set": training_set,
        "fold": int(fold),
        "seed": int(seed),
    }


def training_settings(options: TrainingOptions) -> dict[str, Any]:
    """The options of a training that change its results.

    On a CPU all algorithms are deterministic. The device that ``auto`` finds is known only where the job runs.
    """
    deterministic = options.deterministic or options.device == "cpu"
    told = options.model_dump(exclude={"checkpoint_every", "device"})
    return {**told, "optimiser": optimiser_of(options), "deterministic": deterministic}


def training_context(options: TrainingOptions, names: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the action that change no result."""
    return {"checkpoint_every": options.checkpoint_every, "device": options.device, "names": dict(names)}


def measured(job: Job) -> dict[str, Any]:
    """The settings of a training job for a calibration: with its device, and with random initial weights."""
    training = {**job.settings["training"], "device": job.context["device"], "initial_weights": None}
    return contents.with_paths({**job.settings, "training": training}, job.reads.get("files", {}))


def _batch_pixels(options: TrainingOptions, training: list) -> int:
    """HR pixels of a step. One of whole slices holds no slice twice."""
    if options.patch:
        return options.batch * options.patch**2
    images = min(options.batch, sum(geometry.slices for geometry in training))
    return images * max(geometry.pixels for geometry in training)
