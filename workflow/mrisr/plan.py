"""From a study to its jobs: what each reads, writes and is made of.

The Snakefile takes inputs, outputs and identities from here, the command line what it hands to a stage; so a job that
is run by hand is the same job.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import layout as places
from . import plugins
from .errors import InputError, suggestion
from .figure_plan import drawn, figure_job
from .job import Job
from .kernel_plan import gives, kernels_job, learned_by, network_job, regressor_job
from .layout import Layout, in_fold
from .report_plan import report_job
from .scan_plan import registration_job, require_scans
from .score_plan import baseline_job, evaluate_job
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
            A wildcard names something that the study does not have, or the fold of a job that is the same in all.
        """
        wildcards = {name: value for name, value in wildcards.items() if value is not None}
        key = (stage, *sorted((name, str(value)) for name, value in wildcards.items()))
        if key not in self._jobs:
            self._require_known(wildcards)
            self._require_fold(stage, wildcards)
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
            "fold": range(self.subjects.folds),
            "method": study.kernels,
        }
        problems = []
        for key, value in wildcards.items():
            allowed = [str(name) for name in known.get(key, [value])]
            if str(value) not in allowed:
                problems.append(f"the study '{study.study}' has no {key} '{value}' ({suggestion(str(value), allowed)})")
        if problems:
            raise InputError(*problems)

    def _require_fold(self, stage: str, wildcards: Mapping[str, Any]) -> None:
        one_a_fold = stage in ("train", "evaluate")
        if self.study.folds:
            one_a_fold |= stage in ("network", "brisque", "baseline")
            one_a_fold |= stage == "degrade" and self._differs(wildcards["degradation"])
        if one_a_fold and "fold" not in wildcards:
            raise InputError(f"{stage}: there is one a fold; give --fold, from 0 to {self.subjects.folds - 1}")
        if not one_a_fold and "fold" in wildcards:
            raise InputError(f"{stage}: is the same in every fold; leave --fold out")

    def _differs(self, degradation: str) -> bool:
        """Whether a degradation is another one in each fold: a network is trained on the subjects of one."""
        method = self.study.estimated.get(degradation)
        return bool(self.study.folds) and method is not None and gives(self, method) == "network"

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
                "volumes": [_row(v) for v in self.subjects.checked],
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

    def degraded(self, scale: int, degradation: str, subject: str, fold: int) -> Job:
        """The job that degrades a subject's slices as the models of a fold see them."""
        of_fold = fold if self._differs(degradation) else None
        return self.job("degrade", scale=scale, degradation=degradation, subject=subject, fold=of_fold)

    def _degrade(self, scale: int, degradation: str, subject: str, fold: int | None = None) -> Job:
        method = _method("degradations", degradation, self.study.degradations)
        sliced = self.job("slice", subject=subject)
        names = {"scale": scale, "degradation": degradation, "subject": subject}
        where = {**names, "in_fold": in_fold(fold)}
        modules = ["mrisr.degradations._stage", f"mrisr.degradations.{method['kind']}"]
        reads, needs = {"slices": sliced.writes["slices"]}, {"slices": sliced.identity}
        if degradation in self.study.estimated:
            learned = learned_by(self, self.study.estimated[degradation], scale, subject, fold)
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
            writes={"slices": self.layout.degraded.format(**where)},
            record=self.layout.degraded_record.format(**where),
            needs=needs,
        )

    def _register(self, scale: int, degradation: str, subject: str) -> Job:
        return registration_job(self, scale, degradation, subject)

    def _kernels(self, subject: str, **names: Any) -> Job:
        return kernels_job(self, names, subject)

    def _network(self, fold: int | None = None, **names: Any) -> Job:
        return network_job(self, names, fold)

    def _brisque(self, fold: int | None = None) -> Job:
        return regressor_job(self, fold)

    def pairs(self, scale: int, degradation: str, split: str, fold: int = 0) -> tuple[dict[str, Any], list]:
        """What `mrisr.pairs.read_pairs` takes for one set of a split in a fold, and the identities of its files."""
        subjects = self.subjects.of(split, fold)
        sharp = {s: self.job("slice", subject=s) for s in subjects}
        blurred = {
            member: {s: self.degraded(scale, member, s, fold) for s in subjects}
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
        train_files, train_needs = self.pairs(scale, training_set, "train", fold)
        validation_files, validation_needs = self.pairs(scale, training_set, "validation", fold)
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

    def _evaluate(self, **names: Any) -> Job:
        return evaluate_job(self, **_model_names(**names))

    def _baseline(self, scale: int, baseline: str, fold: int | None = None) -> Job:
        return baseline_job(self, int(scale), baseline, fold)

    def models(self) -> list[dict[str, Any]]:
        """Wildcards of every model of the study, each once, in the study's order."""
        found: dict[tuple, dict[str, Any]] = {}
        runs = list(itertools.product(range(self.subjects.folds), self.study.seeds))
        for scale, block in itertools.product(self.study.protocol.scales, self.study.models):
            for trained in itertools.product(block.architectures, block.losses, block.training_sets):
                for run in runs:
                    names = _model_names(scale, *trained, *run)
                    found[tuple(names.values())] = names
        return list(found.values())

    def baselines(self) -> list[dict[str, Any]]:
        """Wildcards of every baseline of the study, of each fold where there are folds."""
        named = itertools.product(self.study.protocol.scales, self.study.evaluation.baselines)
        folds = [{"fold": fold} for fold in range(self.subjects.folds)] if self.study.folds else [{}]
        return [{"scale": scale, "baseline": name, **fold} for scale, name in named for fold in folds]

    def _tabulate(self) -> Job:
        return table_job(self)

    def jobs(self) -> list[Job]:
        """Every job of the study, each once, but for the report's, which shows what the others have made.

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
        jobs = [job for job in self._jobs.values() if job.stage != "report"]
        require_scans(self, jobs)
        return jobs

    def _report(self) -> Job:
        return report_job(self)

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
