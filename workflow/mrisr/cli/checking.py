"""Everything that can be known before the first job: the volumes are readable, the methods can be made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mrisr import baselines, degradations, losses, models, plugins
from mrisr.errors import InputError
from mrisr.job import Job
from mrisr.plan import Plan
from mrisr.volumes.check import check_volumes


def check_study(plan: Plan, job: Job) -> None:
    """Check the methods and all volumes of a study, and write volumes.csv.

    Raises
    ------
    InputError
        All problems of all volumes and methods, one line each.
    """
    problems = list(_method_problems(plan))
    settings = {**job.settings["slices"], "counts": plan.subjects.counts, "manifest": plan.study.volumes}
    settings["allow_leakage"] = plan.study.allow_leakage
    try:
        rows = check_volumes(plan.subjects.checked, settings, None if problems else Path(job.writes["table"]))
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(*problems)
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()))


def _method_problems(plan: Plan) -> Iterable[str]:
    study = plan.study
    grid = study.protocol.grid
    for scale in study.protocol.scales:
        model_scale = scale if grid == "low" else 1
        made_later = {*study.mixtures, *study.estimated}
        for name, method in ((n, m) for n, m in study.degradations.items() if n not in made_later):
            yield from _problem(
                f"degradations.{name}",
                degradations.build,
                method.kind or name,
                scale=scale,
                grid=grid,
                **method.options,
            )
        for name, method in study.kernels.items():
            yield from _problem(f"kernels.{name}", _build_kernels, method.kind or name, scale=scale, **method.options)
        for name, method in study.architectures.items():
            yield from _problem(
                f"architectures.{name}", models.build, method.kind or name, scale=model_scale, **method.options
            )
        for name in study.evaluation.baselines:
            yield from _problem("evaluation.baselines", baselines.build, name, scale=model_scale)
    for name, method in study.losses.items():
        yield from _problem(f"losses.{name}", losses.build, method.kind or name, **method.options)
    for name, method in study.evaluation.metrics.items():
        if (method.kind or name) != "brisque" or method.options.get("regressor"):
            yield from _problem(f"evaluation.metrics.{name}", _build_metric, method.kind or name, **method.options)


def _build_metric(kind: str, **options):
    return plugins.build("metrics", kind, **options)


def _build_kernels(kind: str, **options):
    return plugins.build("kernels", kind, **options)


def _problem(where: str, build, kind: str, **options) -> Iterable[str]:
    try:
        build(kind, **options)
    except InputError as error:
        yield from (f"{where}: {problem}" for problem in error.problems)
