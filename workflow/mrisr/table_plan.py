"""The tables of a study: which there are, and what their job reads and has to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import plugins
from .job import Job

if TYPE_CHECKING:
    from .plan import Plan
    from .study import StudyConfig


def tables(plan: Plan) -> list[str]:
    """Files of the tables folder: wide tables (of all but the primary group in folders), and the comparisons."""
    wide = [f"{metric}{part}.csv" for metric in plan.study.evaluation.metrics for part in ("", "_std")]
    others = [f"{group}/{name}" for group in plan.subjects.group_names[1:] for name in wide]
    tested = ["tests.csv"] if plan.study.evaluation.against else []
    return [*wide, *others, "methods.csv", "bias.csv", "findings.csv", *tested]


def cross_validation(plan: Plan) -> str:
    """What every table says of the folds; nothing without."""
    folds, asked = plan.subjects.folds, plan.study.folds
    if not asked:
        return ""
    fewer = "" if folds == asked else f" (as many as there are subjects; folds: {asked})"
    return f"{folds}-fold cross-validation by subject{fewer}"


def order(plan: Plan) -> dict[str, Any]:
    """What tables need to know: the study's names in its order, its metrics, and what must be said of them."""
    study = plan.study
    return {
        "training_sets": study.training_sets,
        "test_sets": study.test_sets,
        "architectures": [*study.evaluation.baselines, *study.architectures],
        "losses": list(study.losses),
        "groups": plan.subjects.group_names,
        "metrics": {
            name: _metric(plan, method.kind or name, method.options)
            for name, method in study.evaluation.metrics.items()
        },
        "mixtures": study.mixtures,
        "simulated": [name for name in study.test_sets if _simulated(study, name)],
        "leakage": study.allow_leakage,
        "grid": study.protocol.grid,
        **({"cross_validation": cross_validation(plan)} if study.folds else {}),
    }


def _simulated(study: StudyConfig, test_set: str) -> bool:
    """Whether the hidden degradation stands in a test set for real low-resolution scans."""
    return any((study.degradations[name].kind or name) == "hidden" for name in study.members(test_set))


def _metric(plan: Plan, kind: str, options: dict[str, Any]) -> dict[str, Any]:
    constants = plugins.describe("metrics", kind).constants
    known = plugins.resolved("metrics", kind, options)
    if kind == "brisque" and known["regressor"] is None:
        known = {"learnt": "from people's scores" if plan.study.brisque.scores else "from a proxy, 200 x GMSD"}
    return {"label": constants["LABEL"], "higher_is_better": constants["HIGHER_IS_BETTER"], "options": known}


def table_job(plan: Plan) -> Job:
    """The job that collects all scores and writes all tables."""
    scored = [plan.job("evaluate", **names) for names in plan.models()]
    scored += [plan.job("baseline", **names) for names in plan.baselines()]
    return Job(
        stage="tabulate",
        settings={**order(plan), "against": plan.study.evaluation.against},
        modules=("mrisr.statistics.tabulate",),
        reads={"scores": [job.writes["scores"] for job in scored]},
        writes={"scores": plan.layout.scores, **{name: f"{plan.layout.tables}/{name}" for name in tables(plan)}},
        record=plan.layout.tables_record,
        needs={"scores": [job.identity for job in scored]},
    )
