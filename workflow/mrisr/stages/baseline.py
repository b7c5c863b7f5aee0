"""Score a baseline, a method without training, on every test set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr import plugins
from mrisr.planning.job import Job
from mrisr.planning.methods import described

from .scoring import Scoring
from .stage import Asks, Takes


class Baseline(Scoring):
    """One job scores one baseline, in one fold if there are folds."""

    NAME, RULE, VERB = "baseline", "evaluate_baseline", "evaluate"
    ACTION = "mrisr.evaluation.baselines"
    KEY = "x{scale}/{baseline}{fold_folder}"
    FILES = {"scores": f"baselines/{KEY}/scores.csv"}
    RECORD = f"baselines/{KEY}/run.json"
    INFLUENCE = ("fold",)
    DOING = "evaluating"
    NOMINAL_SECONDS = 5.0

    def job(self, scale: int, baseline: str, fold: int | None = None) -> Job:
        """The job of a baseline of the study."""
        known = described("baselines", baseline, self.study.evaluation.baselines[baseline])
        return self.scoring(
            {"scale": int(scale), "baseline": baseline, "fold": fold},
            settings={"baseline": {"name": baseline, **known}, **({} if fold is None else {"fold": int(fold)})},
            modules=tuple(plugins.modules("baselines", known)),
        )

    def is_fold_specific(self, wildcards: Mapping[str, Any]) -> bool:
        """Each fold tests other subjects."""
        return bool(self.study.folds)

    def asks(self, costs: Any, fold: str) -> Asks:
        """Memory and time of scoring."""
        return self.asks_scoring(costs, fold)

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time of scoring, and disk space of the scores."""
        return self.takes_scoring(costs, job)
