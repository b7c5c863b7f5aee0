"""Write the explorer: every score with its pictures, curves and records, in one page."""

from __future__ import annotations

import itertools
from typing import Any

from mrisr import plugins
from mrisr.explorer.bundles import PAGE
from mrisr.files import sha256
from mrisr.planning import tables
from mrisr.planning.job import Job
from mrisr.planning.methods import described

from .scoring import score_rows
from .stage import Asks, Stage, Takes

MEGABYTES = 1500
"""Working memory beside scores and networks: the pictures, and Vega's bundle being made."""
SECONDS = 15.0
ESTIMATES = 240
"""About as many estimates are shown. With few cells, several slices of each are."""
MOST_SLICES = 3


class Explorer(Stage):
    """One job writes the page. It runs the models of one seed on a few slices."""

    NAME, RULE, VERB = "explorer", "write_explorer", "explorer"
    ACTION = "mrisr.explorer.page"
    FILES = {"explorer": "explorer.html"}
    RECORD = "explorer.run.json"
    DISTRIBUTIONS = ("altair", "matplotlib", "nibabel", "pandas", "pillow", "vl-convert-python")
    SHOWS_ALL_OTHERS = True
    NOMINAL_SECONDS = 20.0

    def job(self) -> Job:
        """The job of the study."""
        study, subjects = self.study, self.subjects
        subject = study.figures.panel_subject or next(iter(subjects.groups))
        fold = subjects.testing_fold(subject)
        shown = self._first_seeds(fold)
        baselines = [names for names in self.jobs.baselines() if names.get("fold", fold) == fold]
        trained = [self.jobs.job("train", **names) for names in shown]
        scored = [self.jobs.job("evaluate", **names) for names in shown]
        scored += [self.jobs.job("baseline", **names) for names in baselines]
        methods = [self._method(names["baseline"]) for names in baselines]
        tabulated = self.jobs.job("tabulate")
        pairs = {
            str(scale): {name: self.jobs.pairs(scale, name, "test", fold) for name in study.test_sets}
            for scale in study.protocol.scales
        }
        cells = max(1, len(scored) * len(study.test_sets))
        return self.make(
            {},
            settings={
                "study": study.study,
                "order": tables.order(self.jobs),
                "models": [
                    {"names": names, "parameters": job.settings} for names, job in zip(shown, trained, strict=True)
                ],
                "baselines": [
                    {"names": _row(names), "method": method} for names, method in zip(baselines, methods, strict=True)
                ],
                "records": [
                    {**({"train": train.record} if train else {}), "evaluate": evaluate.record}
                    for train, evaluate in itertools.zip_longest(trained, scored)
                ],
                "grid": study.protocol.grid,
                "subject": subject,
                "slice": study.figures.panel_slice,
                "slices": max(1, min(MOST_SLICES, ESTIMATES // cells)),
                "page": {path.relative_to(PAGE).as_posix(): sha256(path) for path in _files()},
            },
            modules=tuple(
                sorted(
                    {f"mrisr.models.{job.settings['architecture']['kind']}" for job in trained}
                    | {module for method in methods for module in plugins.modules("baselines", method)}
                )
            ),
            reads={
                "scores": tabulated.writes["scores"],
                "findings": tabulated.writes["findings.csv"],
                "histories": [job.writes["history"] for job in trained],
                "weights": [job.writes["weights"] for job in trained],
                "pairs": {scale: {name: files for name, (files, _) in sets.items()} for scale, sets in pairs.items()},
            },
            needs={
                "tables": tabulated.identity,
                "models": [job.identity for job in trained],
                "pairs": {scale: {name: ids for name, (_, ids) in sets.items()} for scale, sets in pairs.items()},
            },
        )

    def _method(self, name: str) -> dict[str, Any]:
        return described("baselines", name, self.study.evaluation.baselines[name])

    def _first_seeds(self, fold: int) -> list[dict[str, Any]]:
        """Each model of a fold once, with its first seed."""
        first: dict[tuple, dict[str, Any]] = {}
        for names in self.jobs.models():
            if names["fold"] == fold:
                first.setdefault(tuple(value for key, value in names.items() if key != "seed"), names)
        return list(first.values())

    def asks(self, costs: Any) -> Asks:
        """Memory for all scores, all pictures, and the largest network's estimate of a slice."""
        largest = costs.largest([costs.geometries.of(subject) for subject in self.subjects.groups]).pixels
        networks = [costs.network(model["architecture"], model["scale"]) for model in self.jobs.models()]
        wide = max((network.largest for network in networks), default=0)
        memory = MEGABYTES + score_rows(self.jobs, costs.geometries) * costs.ROW_BYTES / costs.MB
        memory += costs.TORCH_MB - costs.BASE_MB + wide * costs.ESTIMATE_ARRAYS * largest / costs.MB
        return Asks(memory, 10 + len(self.jobs.models()) / 10)

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time to read all scores and to encode the pictures; the page is at most 10 MB."""
        rows = score_rows(self.jobs, costs.geometries)
        return Takes(SECONDS + rows / costs.ROWS_A_SECOND, 10e6)


def _row(names: dict[str, Any]) -> dict[str, Any]:
    """The names of a baseline's row in the tables of scores."""
    return {"scale": names["scale"], "architecture": names["baseline"], "loss": "", "training_set": ""}


def _files() -> list[Any]:
    return sorted(path for path in PAGE.rglob("*") if path.is_file())
