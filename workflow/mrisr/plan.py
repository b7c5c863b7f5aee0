"""From a study to its jobs: what each reads, writes and is made of.

The Snakefile takes inputs, outputs and identities from here, the command line what it hands to a stage; so a job that
is run by hand is the same job.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import layout as places
from . import plugins
from .errors import InputError, suggestion
from .figure_plan import drawn, figure_job
from .job import Job
from .kernel_plan import kernels_job, learned_by, network_job, regressor_job
from .layout import Layout
from .scan_plan import registration_job, require_scans
from .study import Method, StudyConfig
from .subjects import Subjects, built_in_volumes
from .table_plan import table_job
from .volumes.manifest import Volume


class Plan:
    """All jobs of a study.

    Parameters
    ----------
    study : StudyConfig
        Validated and resolved.

    Raises
    ------
    InputError
        The manifest is wrong, a split the study needs is empty, or a volume is neither there nor built in.
    """

    def __init__(self, study: StudyConfig):
        self.study = study
        self.layout = Layout(study.results)
        self.subjects = Subjects(study)
        self._jobs: dict[tuple, Job] = {}

    def job(self, stage: str, **wildcards: Any) -> Job:
        """The job of a stage for its wildcards (made once).

        Raises
        ------
        InputError
            A wildcard names something that the study does not have.
        """
        key = (stage, *sorted((name, str(value)) for name, value in wildcards.items()))
        if key not in self._jobs:
            self._require_known(wildcards)
            self._jobs[key] = replace(getattr(self, f"_{stage}")(**wildcards), wildcards=wildcards)
        return self._jobs[key]

    def _require_known(self, wildcards: Mapping[str, Any]) -> None:
        study = self.study
        known = {
            "scale": study.protocol.scales,
            "degradation": [name for name in study.degradations if name not in study.mixtures],
            "architecture": study.architectures,
            "loss": study.losses,
            "training_set": study.degradations,
            "baseline": study.evaluation.baselines,
            "seed": study.seeds,
            "fold": [0],
            "method": study.kernels,
        }
        problems = []
        for key, value in wildcards.items():
            allowed = [str(name) for name in known.get(key, [value])]
            if str(value) not in allowed:
                problems.append(f"the study '{study.study}' has no {key} '{value}' ({suggestion(str(value), allowed)})")
        if problems:
            raise InputError(*problems)

    def _subject(self, name: str) -> Volume:
        if name not in self.subjects.volumes:
            raise InputError(f"{self.study.volumes}: no subject '{name}' ({suggestion(name, self.subjects.volumes)})")
        return self.subjects.volumes[name]

    def _fetch(self, subject: str) -> Job:
        return fetch_job(subject)

    def _check(self) -> Job:
        files: dict[str, Any] = {}
        for subject in self.subjects.volumes:
            files |= self.subjects.files(subject, "path", "mask", "lr_path")
        return Job(
            stage="check",
            settings={
                "slices": self.slice_settings(),
                "counts": self.subjects.counts,
                "allow_leakage": self.study.allow_leakage,
                "volumes": [_row(v) for v in self.subjects.volumes.values()],
            },
            modules=("mrisr.volumes.check",),
            reads={"volumes": list(files)},
            writes={"table": self.layout.volumes},
            record=self.layout.volumes_record,
            needs={"content": list(files.values())},
        )

    def _slice(self, subject: str) -> Job:
        volume = self._subject(subject)
        files = self.subjects.files(subject, "path", "mask")
        return Job(
            stage="slice",
            settings={
                **self.slice_settings(),
                "count": self.subjects.counts[subject],
                "subject": subject,
                "row": {"axis": volume.axis, "slices": volume.slices, "kind": volume.kind},
            },
            modules=("mrisr.volumes.slicing", "mrisr.volumes.readers"),
            reads={"volume": list(files)},
            writes={"slices": self.layout.slices.format(subject=subject)},
            record=self.layout.slices_record.format(subject=subject),
            needs={"content": list(files.values())},
        )

    def slice_settings(self) -> dict[str, Any]:
        """The section ``slices`` but for its counts, and what the sides of a slice have to be multiples of."""
        multiple = math.lcm(*self.study.protocol.scales)
        return {**self.study.slices.model_dump(exclude={"count"}), "multiple": multiple}

    def _degrade(self, scale: int, degradation: str, subject: str) -> Job:
        method = _method("degradations", degradation, self.study.degradations)
        sliced = self.job("slice", subject=subject)
        names = {"scale": scale, "degradation": degradation, "subject": subject}
        modules = ["mrisr.degradations._stage", f"mrisr.degradations.{method['kind']}"]
        reads, needs = {"slices": sliced.writes["slices"]}, {"slices": sliced.identity}
        if degradation in self.study.estimated:
            learned = learned_by(self, self.study.estimated[degradation], scale, subject)
            needs["learned"] = learned.identity
            if learned.stage == "network":
                reads["network"] = learned.writes["weights"]
                modules = ["mrisr.learned.downsample", f"mrisr.kernels.{learned.settings['architecture']['kind']}"]
            else:
                reads["kernels"] = learned.writes["kernels"]
        if degradation in self.study.scanned:
            registered = self.job("register", **names)
            reads["registered"], needs["registered"] = registered.writes["slices"], registered.identity
        return Job(
            stage="degrade",
            settings={"degradation": method, "scale": int(scale), "grid": self.study.protocol.grid},
            modules=tuple(modules),
            reads=reads,
            writes={"slices": self.layout.degraded.format(**names)},
            record=self.layout.degraded_record.format(**names),
            needs=needs,
        )

    def _register(self, scale: int, degradation: str, subject: str) -> Job:
        return registration_job(self, scale, degradation, subject)

    def _kernels(self, subject: str, **names: Any) -> Job:
        return kernels_job(self, names, subject)

    def _network(self, **names: Any) -> Job:
        return network_job(self, names)

    def _brisque(self) -> Job:
        return regressor_job(self)

    def pairs(self, scale: int, degradation: str, split: str) -> tuple[dict[str, Any], list]:
        """What `mrisr.pairs.read_pairs` takes for one set of a split, and the identities of its files."""
        subjects = self.subjects.of(split)
        sharp = {s: self.job("slice", subject=s) for s in subjects}
        blurred = {
            member: {s: self.job("degrade", scale=scale, degradation=member, subject=s) for s in subjects}
            for member in self.study.members(degradation)
        }
        files = {
            "references": {s: job.writes["slices"] for s, job in sharp.items()},
            "degraded": {m: {s: job.writes["slices"] for s, job in jobs.items()} for m, jobs in blurred.items()},
            "seed": self.study.mixture_seed(degradation),
        }
        # The slices' identities are part of the degraded ones; the order of subjects and members counts.
        identities = [[member, [[s, job.identity] for s, job in jobs.items()]] for member, jobs in blurred.items()]
        return files, identities

    def _train(self, scale: int, architecture: str, loss: str, training_set: str, fold: int, seed: int) -> Job:
        study = self.study
        names = _model_names(scale, architecture, loss, training_set, fold, seed)
        model = self.architecture(architecture)
        criterion = _flat("losses", loss, study.losses)
        training = study.training.for_architecture(architecture).model_dump(exclude={"checkpoint_every"})
        train_files, train_needs = self.pairs(scale, training_set, "train")
        validation_files, validation_needs = self.pairs(scale, training_set, "validation")
        return Job(
            stage="train",
            settings={
                "architecture": model,
                "loss": criterion,
                "scale": int(scale) if study.protocol.grid == "low" else 1,
                "training": training,
                "seed": int(seed),
                "mixture_seed": study.mixture_seed(training_set),
            },
            modules=(
                "mrisr.training.stage",
                f"mrisr.models.{model['kind']}",
                f"mrisr.losses.{criterion['kind']}",
            ),
            reads={"train": train_files, "validation": validation_files},
            writes={"weights": self.layout.weights.format(**names), "history": self.layout.history.format(**names)},
            record=self.layout.model_record.format(**names),
            needs={"train": train_needs, "validation": validation_needs},
        )

    def architecture(self, name: str) -> dict[str, Any]:
        """An architecture of the study: its plug-in as ``kind``, and its options with the defaults filled in."""
        return _flat("models", name, self.study.architectures)

    def _evaluate(self, scale: int, architecture: str, loss: str, training_set: str, fold: int, seed: int) -> Job:
        names = _model_names(scale, architecture, loss, training_set, fold, seed)
        trained = self.job("train", **names)
        kind = trained.settings["architecture"]["kind"]
        scores = self.layout.model_scores.format(**names)
        return self._scoring(
            "evaluate",
            scale,
            modules=("mrisr.evaluation.evaluate", f"mrisr.models.{kind}"),
            reads={"weights": trained.writes["weights"]},
            needs={"weights": trained.identity},
            settings={"save_estimates": self.study.evaluation.save_estimates},
            writes={"scores": scores, **self._estimates(scores)},
            record=self.layout.model_scores_record.format(**names),
        )

    def _estimates(self, scores: str) -> dict[str, str]:
        if not self.study.evaluation.save_estimates:
            return {}
        names = [f"{test_set}/{s}" for test_set in self.study.test_sets for s in self.subjects.of("test")]
        return {name: (Path(scores).parent / f"estimates/{name}.safetensors").as_posix() for name in names}

    def _baseline(self, scale: int, baseline: str) -> Job:
        names = {"scale": scale, "baseline": baseline}
        return self._scoring(
            "baseline",
            scale,
            modules=("mrisr.evaluation.baselines", f"mrisr.baselines.{baseline}"),
            reads={},
            needs={},
            settings={"baseline": baseline},
            writes={"scores": self.layout.baseline_scores.format(**names)},
            record=self.layout.baseline_scores_record.format(**names),
        )

    def _scoring(self, stage, scale, *, modules, reads, needs, settings, writes, record) -> Job:
        study = self.study
        chosen = study.evaluation.metrics
        metrics = {name: _method("metrics", name, chosen) for name in chosen}
        learned = [m for m in metrics.values() if m["kind"] == "brisque" and m["options"]["regressor"] is None]
        if learned:
            regressor = self.job("brisque")
            reads, needs = {**reads, **regressor.writes}, {**needs, "regressor": regressor.identity}
            for method in learned:
                method["options"]["regressor"] = regressor.writes["regressor"]
        sets = {name: self.pairs(scale, name, "test") for name in study.test_sets}
        return Job(
            stage=stage,
            settings={
                **settings,
                "metrics": metrics,
                "scale": int(scale),
                "grid": study.protocol.grid,
                "groups": self.subjects.groups,
                "threads": study.evaluation.threads,
                "device": study.evaluation.device,
                "mixture_seeds": {name: study.mixture_seed(name) for name in study.test_sets},
            },
            modules=(*modules, "mrisr.pairs", *(f"mrisr.metrics.{m['kind']}" for m in metrics.values())),
            reads={**reads, "test_sets": {name: files for name, (files, _) in sets.items()}},
            writes=writes,
            record=record,
            needs={**needs, "test_sets": {name: identities for name, (_, identities) in sets.items()}},
        )

    def models(self) -> list[dict[str, Any]]:
        """Wildcards of every model of the study, each once, in the study's order."""
        found: dict[tuple, dict[str, Any]] = {}
        for scale in self.study.protocol.scales:
            for block in self.study.models:
                for architecture in block.architectures:
                    for loss in block.losses:
                        for training_set in block.training_sets:
                            for seed in self.study.seeds:
                                names = _model_names(scale, architecture, loss, training_set, 0, seed)
                                found[tuple(names.values())] = names
        return list(found.values())

    def baselines(self) -> list[dict[str, Any]]:
        """Wildcards of every baseline of the study."""
        return [
            {"scale": s, "baseline": b} for s in self.study.protocol.scales for b in self.study.evaluation.baselines
        ]

    def _tabulate(self) -> Job:
        return table_job(self)

    def jobs(self) -> list[Job]:
        """Every job of the study, each once.

        Raises
        ------
        InputError
            A subject whose low-resolution scan is needed has none.
        """
        for subject in self.subjects.volumes:
            self.job("slice", subject=subject)
        self.job("check")
        self.job("tabulate")
        for scale in self.study.protocol.scales:
            for figure in drawn(self):
                self.job("figure", figure=figure, scale=scale)
        jobs = list(self._jobs.values())
        require_scans(self, jobs)
        return jobs

    def _figure(self, figure: str, scale: int) -> Job:
        return figure_job(self, figure, int(scale))


def fetch_job(subject: str) -> Job:
    """The job that fetches a built-in volume; it belongs to no study."""
    path, entries = places.BUILT_IN.format(subject=subject), built_in_volumes()
    if path not in entries:
        names = [entry["subject"] for entry in entries.values()]
        raise InputError(f"{places.SOURCES}: there is no volume '{subject}' ({suggestion(subject, names)})")
    return Job(
        stage="fetch",
        settings={"sha256": entries[path]["sha256"]},
        modules=(),
        reads={},
        writes={"volume": path},
        record=places.BUILT_IN_RECORD.format(subject=subject),
    )


def _method(shelf: str, name: str, methods: Mapping[str, Method]) -> dict[str, Any]:
    """A method as the stages take it: its plug-in, and its options with the defaults filled in."""
    kind = methods[name].kind or name
    return {"kind": kind, "options": plugins.resolved(shelf, kind, methods[name].options)}


def _flat(shelf: str, name: str, methods: Mapping[str, Method]) -> dict[str, Any]:
    method = _method(shelf, name, methods)
    return {"kind": method["kind"], **method["options"]}


def _model_names(scale, architecture, loss, training_set, fold, seed) -> dict[str, Any]:
    return {
        "scale": int(scale),
        "architecture": architecture,
        "loss": loss,
        "training_set": training_set,
        "fold": int(fold),
        "seed": int(seed),
    }


def _row(volume: Volume) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in vars(volume).items() if name != "licence"}
