"""Shared by the stages that score an estimator on every test set of a fold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr import plugins
from mrisr.identity import contents
from mrisr.planning.job import Job
from mrisr.planning.methods import constant, labels

from .stage import Asks, Jobs, Stage, Takes

METRIC_BYTES = 400
"""Bytes per pixel while an estimate is scored."""
SCORE_RATE = 5e4
"""Pixels scored a second on a slow core."""


class Scoring(Stage):
    """A stage whose job scores one estimator on all test sets."""

    def scoring(
        self,
        wildcards: Mapping[str, Any],
        *,
        settings: Mapping[str, Any],
        modules: tuple[str, ...],
        reads: Mapping[str, Any] | None = None,
        needs: Mapping[str, Any] | None = None,
        writes: Mapping[str, str] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Job:
        """A job that reads the test sets, and the files that the metrics need."""
        study, scale, fold = self.study, wildcards["scale"], int(wildcards.get("fold") or 0)
        reads, needs, metrics = dict(reads or {}), dict(needs or {}), labels("metrics", study.evaluation.metrics)
        for name, method in study.evaluation.metrics.items():
            options = metrics[name]["options"]
            for option, stage in (constant("metrics", name, method, "NEEDS") or {}).items():
                if options[option] is None:
                    made = self.jobs.job(stage, fold=fold if study.folds else None)
                    reads[option], needs[option] = made.writes[option], made.identity
        for method in metrics.values():
            if "scale" in plugins.describe("metrics", method["kind"]).options:
                method["options"]["scale"] = int(scale)
        paths: dict[str, str] = {}
        for name, method in metrics.items():
            metrics[name], own = contents.by_content("metrics", method, self.subjects.digests)
            paths |= own
        if paths:
            reads["files"] = paths
        masks = self._masks(fold) if any(method["options"].get("masked") for method in metrics.values()) else {}
        if masks:
            reads["masks"] = {subject: job.writes["mask"] for subject, job in masks.items()}
            needs["masks"] = {subject: job.identity for subject, job in masks.items()}
        sets = {name: self.jobs.pairs(scale, name, "test", fold) for name in study.scored_sets}
        return self.make(
            wildcards,
            settings={
                **settings,
                "metrics": metrics,
                "scale": int(scale),
                "grid": study.protocol.grid,
                "groups": {subject: self.subjects.groups[subject] for subject in self.subjects.of("test", fold)},
                "mixture_seeds": {name: study.mixture_seed(name) for name in study.scored_sets},
            },
            modules=(*modules, "mrisr.pairs", *(f"mrisr.metrics.{method['kind']}" for method in metrics.values())),
            reads={**reads, "test_sets": {name: files for name, (files, _) in sets.items()}},
            needs={**needs, "test_sets": {name: identities for name, (_, identities) in sets.items()}},
            writes=writes,
            context=context,
        )

    def _masks(self, fold: int) -> dict[str, Job]:
        """The jobs that cut the masks of the test subjects that have one."""
        with_mask = [name for name in self.subjects.of("test", fold) if self.subjects.volume(name).mask is not None]
        return {name: self.jobs.job("mask", subject=name) for name in with_mask}

    def asks_scoring(self, costs, fold: str) -> Asks:
        """Memory for a slice while it is scored and for the rows of the table; time to score all slices."""
        tested = costs.geometries.split("test", int(fold))
        rows = score_rows(self.jobs, costs.geometries) / max(len(self.jobs.models()), 1)
        memory = costs.BASE_MB + costs.largest(tested).pixels * METRIC_BYTES / costs.MB
        minutes = tested_pixels(self.jobs, costs, fold) / SCORE_RATE / 60
        return Asks(memory + rows * costs.ROW_BYTES / costs.MB, minutes)

    def takes_scoring(self, costs, job: Job) -> Takes:
        """Time of all metrics of every slice of every test set; disk space of the scores."""
        tested = costs.geometries.split("test", job.fold)
        count = sum(geometry.slices for geometry in tested)
        one = costs.calibration.score(job.settings["metrics"], costs.largest(tested).shape)
        rows = count * len(self.study.scored_sets) * len(job.settings["metrics"])
        return Takes(one * count * scored_sets(self.jobs), rows * costs.BYTES_A_ROW)


def scored_sets(jobs: Jobs) -> int:
    """Number of test sets whose slices are scored. Slices of a mixture are scored with the mixture's members."""
    return len({member for name in jobs.study.scored_sets for member in jobs.study.members(name)})


def tested_pixels(jobs: Jobs, costs, fold: str) -> int:
    """HR pixels that an evaluation scores in a fold."""
    return scored_sets(jobs) * costs.pixels(costs.geometries.split("test", int(fold)))


def score_rows(jobs: Jobs, geometries) -> int:
    """Number of rows of scores.csv for the whole study."""
    of_fold = {f: sum(g.slices for g in geometries.split("test", f)) for f in range(jobs.subjects.folds)}
    slices = sum(of_fold[names.get("fold", 0)] for names in (*jobs.models(), *jobs.baselines()))
    return slices * len(jobs.study.scored_sets) * len(jobs.study.evaluation.metrics)
