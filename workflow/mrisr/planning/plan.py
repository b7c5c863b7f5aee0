"""Derives all jobs of a study.

The Snakefile takes inputs, outputs and identities from here. The command line takes the arguments of an action from
here too, so a job that is run by hand is the same job.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mrisr import stages
from mrisr.errors import InputError, suggestion
from mrisr.stages.stage import Stage
from mrisr.study.config import StudyConfig
from mrisr.study.subjects import Subjects

from . import collisions
from .job import Job
from .layout import Layout


class Plan:
    """All jobs of a study, each made once.

    Parameters
    ----------
    study : StudyConfig
        Validated and resolved.

    Raises
    ------
    InputError
        The manifest is wrong, a split that the study needs is empty, or a volume is missing and not built in.
    """

    def __init__(self, study: StudyConfig):
        self.study = study
        self.layout = Layout(study.results)
        self.subjects = Subjects(study)
        self.stages = {name: stage(self) for name, stage in stage_classes()}
        self._jobs: dict[tuple, Job] = {}
        self._pairs: dict[tuple, tuple[dict[str, Any], list]] = {}

    def job(self, stage: str, **wildcards: Any) -> Job:
        """The job of a stage for its wildcards.

        Raises
        ------
        InputError
            A wildcard names something that the study does not have, or a fold for a job that is the same in all folds.
        """
        wildcards = {name: value for name, value in wildcards.items() if value is not None}
        key = (stage, *sorted((name, str(value)) for name, value in wildcards.items()))
        if key not in self._jobs:
            self._require_known(wildcards)
            self.stages[stage].require_fold(wildcards)
            self._jobs[key] = replace(self.stages[stage].job(**wildcards), wildcards=wildcards)
        return self._jobs[key]

    def known(self) -> list[Job]:
        """The jobs that have been asked for until now, and those that they read."""
        return list(self._jobs.values())

    def _require_known(self, wildcards: Mapping[str, Any]) -> None:
        study = self.study
        known = {
            "scale": study.protocol.scales,
            "degradation": [name for name in study.degradations if name not in study.mixtures],
            "architecture": study.architectures,
            "loss": study.losses,
            "training_set": study.degradations,
            "baseline": study.evaluation.baselines,
            "seed": sorted({seed for block in study.models for seed in block.seeds}),
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

    def jobs(self) -> list[Job]:
        """Every job of the study except those of `pages`.

        Raises
        ------
        InputError
            A job cannot run, such as the registration for a subject without a low-resolution scan. Or two files would
            have the same path.
        """
        for name, stage in self.stages.items():
            for wildcards in stage.targets():
                self.job(name, **wildcards)
        jobs = [job for job in self._jobs.values() if not self.stages[job.stage].SHOWS_ALL_OTHERS]
        self._require_runnable(jobs)
        self._require_distinct()
        return jobs

    def pages(self) -> list[Job]:
        """The jobs of the explorer and of the report, which show the results of all others."""
        return [self.job(name) for name, stage in self.stages.items() if stage.SHOWS_ALL_OTHERS]

    def _require_runnable(self, jobs: list[Job]) -> None:
        problems = [problem for job in jobs for problem in self.stages[job.stage].problems(job)]
        if problems:
            raise InputError(*dict.fromkeys(problems))

    def _require_distinct(self) -> None:
        """Raise `InputError` if two files of the study would have the same path."""
        showing = [stage for stage in self.stages.values() if stage.SHOWS_ALL_OTHERS]
        common = [self.layout.study]
        common += [path for stage in showing for path in (*stage.patterns().values(), stage.record_pattern())]
        # Stages outside the study are left out: with leakage allowed, two subjects may have the same fetched volume.
        own = (job for job in self._jobs.values() if self._is_own(job))
        collisions.require_distinct([*common, *(path for job in own for path in (*job.writes.values(), job.record))])

    def _is_own(self, job: Job) -> bool:
        stage = self.stages[job.stage]
        return stage.IN_STUDY and not stage.SHOWS_ALL_OTHERS

    # ---- what several stages read -----------------------------------------------------------------------------------

    def degraded(self, scale: int, degradation: str, subject: str, fold: int) -> Job:
        """The job that degrades a subject's slices as the models of a fold see them."""
        names = {"scale": scale, "degradation": degradation, "subject": subject}
        of_fold = fold if self.stages["degrade"].is_fold_specific(names) else None
        return self.job("degrade", **names, fold=of_fold)

    def pairs(self, scale: int, degradation: str, split: str, fold: int = 0) -> tuple[dict[str, Any], list]:
        """What `mrisr.pairs.read_pairs` takes for one set of a split in a fold, and the identities of its files.

        All models of a fold share these objects, so nobody may change them.
        """
        key = (str(scale), degradation, split, str(fold))
        if key not in self._pairs:
            self._pairs[key] = self._find_pairs(scale, degradation, split, fold)
        return self._pairs[key]

    def _find_pairs(self, scale: int, degradation: str, split: str, fold: int) -> tuple[dict[str, Any], list]:
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
        # The identities of degraded slices include those of the slices. The order of subjects and members matters.
        identities = [[member, [[s, job.identity] for s, job in jobs.items()]] for member, jobs in blurred.items()]
        return files, identities

    def learned(self, method: str, scale: int, subject: str, fold: int | None = None, seed: int | None = None) -> Job:
        """The job of a method of ``kernels`` whose result degrades a subject's slices. A network belongs to a fold.

        With a ``seed`` it is the one of a further seed.
        """
        names = self.study.learning(method, scale, seed)
        if self.study.gives(method) == "network":
            return self.job("network", **names, fold=fold)
        return self.job("kernels", **names, subject=subject)

    # ---- models and baselines ---------------------------------------------------------------------------------------

    def models(self) -> list[dict[str, Any]]:
        """Wildcards of every model of the study, in the study's order, without repetition."""
        found: dict[tuple, dict[str, Any]] = {}
        for scale, block in itertools.product(self.study.protocol.scales, self.study.models):
            for trained in itertools.product(block.architectures, block.losses, block.training_sets):
                for run in itertools.product(range(self.subjects.folds), block.seeds):
                    keys = ("scale", "architecture", "loss", "training_set", "fold", "seed")
                    names = dict(zip(keys, (scale, *trained, *run), strict=True))
                    found[tuple(names.values())] = names
        return list(found.values())

    def baselines(self) -> list[dict[str, Any]]:
        """Wildcards of every baseline of the study, for each fold if there are folds."""
        named = itertools.product(self.study.protocol.scales, self.study.evaluation.baselines)
        folds = [{"fold": fold} for fold in range(self.subjects.folds)] if self.study.folds else [{}]
        return [{"scale": scale, "baseline": name, **fold} for scale, name in named for fold in folds]


def stage_classes() -> Iterator[tuple[str, type[Stage]]]:
    """Every stage's name and class, in the order of the data flow."""
    for name in stages.ORDER:
        module = importlib.import_module(f"mrisr.stages.{name}")
        (found,) = (c for c in vars(module).values() if isinstance(c, type) and getattr(c, "NAME", None) == name)
        yield name, found
