"""What is learned from slices before any model is trained: kernels of each slice, downsampling networks, BRISQUE."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import plugins
from .errors import InputError, suggestion
from .job import Job
from .layout import in_fold

if TYPE_CHECKING:
    from .plan import Plan


def gives(plan: Plan, method: str) -> str:
    """What a method of the study's ``kernels`` learns: ``kernels`` of each slice, or one ``network``."""
    return plugins.describe("kernels", plan.study.kernels[method].kind or method).constants["GIVES"]


def learned_by(plan: Plan, method: str, scale: int, subject: str, fold: int | None = None) -> Job:
    """The job whose result degrades a subject's slices; a network is that of the fold, where there are folds."""
    names = wildcards(plan, method, scale)
    if gives(plan, method) == "network":
        return plan.job("network", **names, fold=fold)
    return plan.job("kernels", **names, subject=subject)


def wildcards(plan: Plan, method: str, scale: int) -> dict[str, Any]:
    """What a rule knows a method's work by.

    Raises
    ------
    InputError
        The study has no such method.
    """
    if method not in plan.study.kernels:
        known = suggestion(method, plan.study.kernels)
        raise InputError(f"the study '{plan.study.study}' has no method '{method}' in its section kernels ({known})")
    chosen = plan.study.kernels[method]
    return {"scale": int(scale), "method": method, "degradation": chosen.source, "kernel_seed": chosen.seed}


def kernels_job(plan: Plan, names: dict[str, Any], subject: str) -> Job:
    """Estimate the kernels of a subject's slices."""
    _require_known(plan, names, "kernels")
    chosen = plan.study.kernels[names["method"]]
    scale, names = int(names["scale"]), {**names, "subject": subject}
    sliced = plan.job("slice", subject=subject)
    degraded = plan.job("degrade", scale=scale, degradation=chosen.source, subject=subject)
    kind = chosen.kind or names["method"]
    return Job(
        stage="kernels",
        settings={
            "method": {"kind": kind, "options": plugins.resolved("kernels", kind, chosen.options)},
            "scale": scale,
            "seed": chosen.seed,
            "threads": chosen.threads,
        },
        modules=("mrisr.learned.estimate", f"mrisr.kernels.{kind}"),
        reads={"references": sliced.writes["slices"], "degraded": degraded.writes["slices"]},
        writes={"kernels": plan.layout.kernels.format(**names), "table": plan.layout.kernels_table.format(**names)},
        record=plan.layout.kernels_record.format(**names),
        needs={"degraded": degraded.identity},
    )


def network_job(plan: Plan, names: dict[str, Any], fold: int | None) -> Job:
    """Train a downsampling network on the training subjects' pairs, of a fold where there are folds."""
    _require_known(plan, names, "network")
    chosen = plan.study.kernels[names["method"]]
    kind = chosen.kind or names["method"]
    train_files, train_needs = plan.pairs(names["scale"], chosen.source, "train", fold or 0)
    validation_files, validation_needs = plan.pairs(names["scale"], chosen.source, "validation", fold or 0)
    names = {**names, "in_fold": in_fold(fold)}
    return Job(
        stage="network",
        settings={
            "architecture": {"kind": kind, "shelf": "kernels", **plugins.resolved("kernels", kind, chosen.options)},
            "loss": {"kind": chosen.loss, **plugins.resolved("losses", chosen.loss, {})},
            "scale": int(names["scale"]),
            "training": plan.study.training_of(chosen).model_dump(exclude={"checkpoint_every"}),
            "seed": chosen.seed,
        },
        modules=("mrisr.training.stage", f"mrisr.kernels.{kind}", f"mrisr.losses.{chosen.loss}"),
        reads={"train": train_files, "validation": validation_files},
        writes={
            "weights": plan.layout.network.format(**names),
            "history": plan.layout.network_history.format(**names),
        },
        record=plan.layout.network_record.format(**names),
        needs={"train": train_needs, "validation": validation_needs},
    )


def regressor_job(plan: Plan, fold: int | None) -> Job:
    """Train the regressor of the metric ``brisque`` on the training subjects' slices, of a fold where folds are."""
    sliced = [plan.job("slice", subject=subject) for subject in plan.subjects.of("train", fold or 0)]
    scores = plan.study.brisque.scores
    if scores and not Path(scores).exists():
        raise InputError(f"brisque.scores: there is no file {scores}; give a table of scores, or null for the proxy")
    return Job(
        stage="brisque",
        settings=plan.study.brisque.model_dump(),
        modules=("mrisr.quality.stage",),
        reads={"references": [job.writes["slices"] for job in sliced], **({"scores": scores} if scores else {})},
        writes={"regressor": plan.layout.regressor.format(in_fold=in_fold(fold))},
        record=plan.layout.regressor_record.format(in_fold=in_fold(fold)),
        needs={
            "references": [job.identity for job in sliced],
            **({"scores": plan.subjects.digests(Path(scores))} if scores else {}),
        },
    )


def _require_known(plan: Plan, names: dict[str, Any], wanted: str) -> None:
    method = names["method"]
    if gives(plan, method) != wanted:
        right = "estimates kernels slice by slice: name a subject" if wanted == "network" else "learns one network"
        raise InputError(f"kernels: '{method}' {right}" + ("" if wanted == "network" else " for all: name no subject"))
    expected = wildcards(plan, method, names["scale"])
    for key in ("degradation", "kernel_seed"):
        if str(names[key]) != str(expected[key]):
            raise InputError(
                f"the study '{plan.study.study}' has no {names['method']} of {key} {names[key]}, but of {expected[key]}"
            )
