"""The figures of a study: which pictures there are, and what each job reads to draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .job import Job
from .kernel_plan import gives, learned_by
from .table_plan import order

if TYPE_CHECKING:
    from .plan import Plan

FIGURES = ("heatmap", "gaps", "boxplot", "panel", "gallery", "curves")
"""What every study draws."""
FURTHER = ("mscn", "profile", "kernels")
"""What a study draws that asks for it."""


def drawn(plan: Plan) -> list[str]:
    """The figures of a study."""
    return [*FIGURES, *plan.study.figures.further]


def pictures(plan: Plan, figure: str) -> dict[str, dict[str, str]]:
    """What a figure's job draws: {file name without suffix: what is shown}."""
    study = plan.study
    trained = [
        {"architecture": a, "loss": b} for a, b in dict.fromkeys((m["architecture"], m["loss"]) for m in plan.models())
    ]
    groups = plan.subjects.group_names
    found: list[dict[str, str]]
    if figure in ("heatmap", "gaps"):
        found = [{"metric": metric, "group": group} for group in groups for metric in study.figures.metrics]
    elif figure == "boxplot":
        found = [{**model, "group": group} for group in groups for model in trained]
    elif figure == "panel":
        found = [{"test_set": test_set, **model} for test_set in study.figures.panel_test_sets for model in trained]
    elif figure == "curves":
        found = trained
    else:
        found = [{}]
    # The primary group is the one that is meant where none is named.
    return {"_".join([figure, *(v for v in shown.values() if v != groups[0])]): shown for shown in found}


def stems(plan: Plan, figure: str, scale: int | str) -> dict[str, dict[str, str]]:
    """Paths without suffix of the pictures at a scale (or with the wildcard ``{scale}``), and what each shows."""
    folder = f"{plan.layout.figures}/x{scale}"
    return {f"{folder}/{name}": shown for name, shown in pictures(plan, figure).items()}


def panel_subject(plan: Plan) -> str:
    """The test subject that panel and gallery show."""
    return plan.study.figures.panel_subject or next(iter(plan.subjects.groups))


def panel_fold(plan: Plan) -> int:
    """The fold whose models the panel shows: the one that tests its subject."""
    return plan.subjects.testing_fold(panel_subject(plan))


def figure_job(plan: Plan, figure: str, scale: int) -> Job:
    """The job that draws all pictures of a figure at a scale."""
    reads, needs, modules = _SOURCES[figure](plan, scale)
    options = plan.study.figures
    settings: dict[str, Any] = {"pictures": pictures(plan, figure), "scale": scale}
    if figure in ("heatmap", "gaps", "boxplot"):
        settings["order"] = order(plan)
    if figure == "curves":
        settings["training_sets"] = plan.study.training_sets
    if figure == "boxplot":
        settings["metric"] = options.box_metric
    if figure in ("panel", "curves"):
        # In the order of the weights and histories.
        chosen = _shown(plan, scale) if figure == "panel" else _models(plan, scale)
        settings["models"] = [names for names, _ in chosen]
    if figure in ("panel", "gallery"):
        settings |= {"subject": panel_subject(plan), "slice": options.panel_slice}
    if figure in ("mscn", "profile"):
        settings |= {"subject": training_subject(plan), "slice": None}
    return Job(
        stage=f"figure-{figure}",
        settings=settings,
        modules=(f"mrisr.figures.{figure}", *modules),
        reads=reads,
        writes={f"{stem}.{kind}": f"{stem}.{kind}" for stem in stems(plan, figure, scale) for kind in ("png", "svg")},
        record=plan.layout.figure_record.format(scale=scale, figure=figure),
        needs=needs,
    )


_Sources = tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]
"""What a figure's job reads, the identities of that, and the modules it needs beside the figure's own."""


def _scores(plan: Plan, scale: int) -> _Sources:
    job = plan.job("tabulate")
    return {"scores": job.writes["scores"]}, {"scores": job.identity}, ()


def _bias(plan: Plan, scale: int) -> _Sources:
    job = plan.job("tabulate")
    return {"bias": job.writes["bias.csv"]}, {"bias": job.identity}, ()


def _models(plan: Plan, scale: int) -> list[tuple[dict[str, Any], Job]]:
    return [(names, plan.job("train", **names)) for names in plan.models() if names["scale"] == scale]


def _shown(plan: Plan, scale: int) -> list[tuple[dict[str, Any], Job]]:
    """The models that the panel shows: of one seed, the first, and of one fold."""
    run = {"seed": plan.study.seeds[0], "fold": panel_fold(plan)}
    return [(names, job) for names, job in _models(plan, scale) if run.items() <= names.items()]


def _histories(plan: Plan, scale: int) -> _Sources:
    models = _models(plan, scale)
    return {"histories": [job.writes["history"] for _, job in models]}, {"models": [j.identity for _, j in models]}, ()


def _slices(plan: Plan, scale: int) -> _Sources:
    subject = panel_subject(plan)
    sliced = plan.job("slice", subject=subject)
    plain = [name for name in plan.study.test_sets if name not in plan.study.mixtures]
    degraded = {name: plan.degraded(scale, name, subject, panel_fold(plan)) for name in plain}
    reads = {"slices": sliced.writes["slices"], "degraded": {n: job.writes["slices"] for n, job in degraded.items()}}
    needs = {"slices": sliced.identity, "degraded": {name: job.identity for name, job in degraded.items()}}
    return reads, needs, ()


def _estimates(plan: Plan, scale: int) -> _Sources:
    models = _shown(plan, scale)
    sets = {name: plan.pairs(scale, name, "test", panel_fold(plan)) for name in plan.study.figures.panel_test_sets}
    reads = {
        "weights": [job.writes["weights"] for _, job in models],
        "test_sets": {name: files for name, (files, _) in sets.items()},
    }
    needs = {
        "models": [job.identity for _, job in models],
        "test_sets": {name: identities for name, (_, identities) in sets.items()},
    }
    kinds = {job.settings["architecture"]["kind"] for _, job in models}
    modules = ("mrisr.evaluation.estimates", "mrisr.pairs", "mrisr.metrics.psnr", "mrisr.metrics.ssim")
    return reads, needs, (*modules, *(f"mrisr.models.{kind}" for kind in sorted(kinds)))


def training_subject(plan: Plan) -> str:
    """The subject whose slices the further figures show: one that everything, in the first fold, was learned from."""
    return plan.subjects.of("train")[0]


def _degradations(plan: Plan, scale: int) -> _Sources:
    """The slices of a training subject, and what each degradation of the study makes of them."""
    subject = training_subject(plan)
    sliced = plan.job("slice", subject=subject)
    plain = [name for name in plan.study.degradations if name not in plan.study.mixtures]
    degraded = {name: plan.degraded(scale, name, subject, 0) for name in plain}
    reads = {"slices": sliced.writes["slices"], "degraded": {n: job.writes["slices"] for n, job in degraded.items()}}
    return reads, {name: job.identity for name, job in degraded.items()}, ()


def _kernels(plan: Plan, scale: int) -> _Sources:
    """The estimated kernels of the training subjects, those of the first fold."""
    methods = [name for name in dict.fromkeys(plan.study.estimated.values()) if gives(plan, name) == "kernels"]
    jobs = {
        f"{method} {subject}": learned_by(plan, method, scale, subject)
        for method in methods
        for subject in plan.subjects.of("train")
    }
    reads = {"kernels": {name: job.writes["kernels"] for name, job in jobs.items()}}
    return reads, {name: job.identity for name, job in jobs.items()}, ()


_SOURCES = {
    "mscn": _degradations,
    "profile": _degradations,
    "kernels": _kernels,
    "heatmap": _scores,
    "gaps": _bias,
    "boxplot": _scores,
    "panel": _estimates,
    "gallery": _slices,
    "curves": _histories,
}
