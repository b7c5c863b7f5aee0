"""What scores a model or a baseline: one job on every test set of a fold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import plugins
from .job import Job
from .layout import in_fold

if TYPE_CHECKING:
    from .plan import Plan


def evaluate_job(plan: Plan, **names: Any) -> Job:
    """Score one model; ``names`` are its wildcards."""
    trained = plan.job("train", **names)
    kind = trained.settings["architecture"]["kind"]
    scores = plan.layout.model_scores.format(**names)
    return _scoring(
        plan,
        "evaluate",
        names["scale"],
        names["fold"],
        modules=("mrisr.evaluation.evaluate", f"mrisr.models.{kind}"),
        reads={"weights": trained.writes["weights"]},
        needs={"weights": trained.identity},
        settings={"save_estimates": plan.study.evaluation.save_estimates},
        writes={"scores": scores, **_estimates(plan, scores, names["fold"])},
        record=plan.layout.model_scores_record.format(**names),
    )


def _estimates(plan: Plan, scores: str, fold: int) -> dict[str, str]:
    if not plan.study.evaluation.save_estimates:
        return {}
    names = [f"{test_set}/{s}" for test_set in plan.study.test_sets for s in plan.subjects.of("test", fold)]
    return {name: (Path(scores).parent / f"estimates/{name}.safetensors").as_posix() for name in names}


def baseline_job(plan: Plan, scale: int, baseline: str, fold: int | None) -> Job:
    """Score a baseline; without folds ``fold`` is None."""
    names = {"scale": scale, "baseline": baseline, "in_fold": in_fold(fold)}
    return _scoring(
        plan,
        "baseline",
        scale,
        int(fold or 0),
        modules=("mrisr.evaluation.baselines", f"mrisr.baselines.{baseline}"),
        reads={},
        needs={},
        settings={"baseline": baseline, **({} if fold is None else {"fold": int(fold)})},
        writes={"scores": plan.layout.baseline_scores.format(**names)},
        record=plan.layout.baseline_scores_record.format(**names),
    )


def _scoring(plan, stage, scale, fold, *, modules, reads, needs, settings, writes, record) -> Job:
    study = plan.study
    metrics = _metrics(plan)
    learned = [m for m in metrics.values() if m["kind"] == "brisque" and m["options"]["regressor"] is None]
    if learned:
        regressor = plan.job("brisque", fold=fold if study.folds else None)
        reads, needs = {**reads, **regressor.writes}, {**needs, "regressor": regressor.identity}
        for method in learned:
            method["options"]["regressor"] = regressor.writes["regressor"]
    sets = {name: plan.pairs(scale, name, "test", fold) for name in study.test_sets}
    return Job(
        stage=stage,
        settings={
            **settings,
            "metrics": metrics,
            "scale": int(scale),
            "grid": study.protocol.grid,
            "groups": {subject: plan.subjects.groups[subject] for subject in plan.subjects.of("test", fold)},
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


def _metrics(plan: Plan) -> dict[str, dict[str, Any]]:
    """The metrics as the stages take them: each its plug-in, and its options with the defaults filled in."""
    found = {}
    for name, method in plan.study.evaluation.metrics.items():
        kind = method.kind or name
        found[name] = {"kind": kind, "options": plugins.resolved("metrics", kind, method.options)}
    return found
