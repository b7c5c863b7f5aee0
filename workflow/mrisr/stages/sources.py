"""The inputs that a figure can declare in ``READS``, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mrisr import plugins
from mrisr.errors import InputError
from mrisr.planning import tables
from mrisr.planning.job import Job
from mrisr.planning.methods import constant, described
from mrisr.study.methods import Method

from .stage import Jobs

SHOWN_MODELS = "shown_models"
SHOWN_METHODS = "shown_methods"


class Source(NamedTuple):
    """Files by role, the identities of the jobs that make them, and the figure's settings for them."""

    reads: dict[str, Any]
    needs: dict[str, Any]
    settings: dict[str, Any] = {}
    modules: tuple[str, ...] = ()


def _scores(jobs: Jobs, scale: int) -> Source:
    """All scores, and the order of the study's names."""
    job = jobs.job("tabulate")
    return Source({"scores": job.writes["scores"]}, {"scores": job.identity}, {"order": tables.order(jobs)})


def _bias(jobs: Jobs, scale: int) -> Source:
    """The table bias.csv, and the order of the study's names."""
    job = jobs.job("tabulate")
    return Source({"bias": job.writes["bias.csv"]}, {"bias": job.identity}, {"order": tables.order(jobs)})


def _beside(jobs: Jobs, scale: int) -> Source:
    """The study's numbers beside those of its paper, and the order of the study's names."""
    job = jobs.job("tabulate")
    files = {"cells": job.writes["beside_the_paper.csv"], "blocks": job.writes["beside_the_paper_blocks.csv"]}
    return Source(files, {"beside": job.identity}, {"order": tables.order(jobs)})


def _families(jobs: Jobs, scale: int) -> Source:
    """The table families.csv, the order of the study's names, and the option of each family."""
    if not jobs.study.families:
        raise InputError("figures: the figure 'families' needs the section families, and the study has none")
    job = jobs.job("tabulate")
    options = {name: family.option for name, family in jobs.study.families.items()}
    settings = {"order": tables.order(jobs), "families": options}
    return Source({"families": job.writes["families.csv"]}, {"families": job.identity}, settings)


def _histories(jobs: Jobs, scale: int) -> Source:
    """The histories of all models, in the order of ``models``."""
    models = _models(jobs, scale)
    return Source(
        {"histories": [job.writes["history"] for _, job in models]},
        {"models": [job.identity for _, job in models]},
        {"training_sets": jobs.study.training_sets, "models": [names for names, _ in models]},
    )


def _diversity(jobs: Jobs, scale: int) -> Source:
    """The table diversity.csv."""
    job = jobs.job("diversity")
    return Source({"diversity": job.writes["diversity"]}, {"diversity": job.identity})


def _kept_epochs(jobs: Jobs, scale: int) -> Source:
    """The kept epochs of all models, in the order of ``models``, and their validation slices."""
    models = _models(jobs, scale)
    sets = {(names["training_set"], names["fold"]) for names, _ in models}
    pairs = {f"{name} {fold}": jobs.pairs(scale, name, "validation", fold) for name, fold in sorted(sets)}
    return Source(
        {
            "epochs": [job.writes["epochs"] for _, job in models],
            "validation": {name: files for name, (files, _) in pairs.items()},
        },
        {
            "models": [job.identity for _, job in models],
            "validation": {name: identities for name, (_, identities) in pairs.items()},
        },
        {"models": [names for names, _ in models]},
    )


def _test_slices(jobs: Jobs, scale: int) -> Source:
    """The slices of the shown subject, and the same slices degraded by each test set's degradation."""
    plain = [name for name in jobs.study.test_sets if name not in jobs.study.mixtures]
    return _slices(jobs, scale, _shown_subject(jobs), plain, _shown_fold(jobs), jobs.study.figures.panel_slice)


def _training_slices(jobs: Jobs, scale: int) -> Source:
    """The slices of a training subject of the first fold, and the same slices degraded by each of the degradations."""
    apart = {*jobs.study.mixtures, *jobs.study.family_sets} - {*jobs.study.training_sets, *jobs.study.test_sets}
    plain = [name for name in jobs.study.degradations if name not in apart and name not in jobs.study.mixtures]
    return _slices(jobs, scale, jobs.subjects.of("train")[0], plain, 0, None)


def _scan_slices(jobs: Jobs, scale: int) -> Source:
    """The same slices, and which of the degradations stand for the scan: those that the study tests on.

    Also which of these are simulated.
    """
    found = _training_slices(jobs, scale)
    scans = [name for name in jobs.study.test_sets if name not in jobs.study.mixtures]
    simulated = tables.order(jobs)["simulated"]
    return found._replace(settings={**found.settings, "scans": scans, "simulated": simulated})


def _slices(jobs: Jobs, scale: int, subject: str, degradations: list[str], fold: int, index: int | None) -> Source:
    sliced = jobs.job("slice", subject=subject)
    degraded = {name: jobs.degraded(scale, name, subject, fold) for name in degradations}
    return Source(
        {"slices": sliced.writes["slices"], "degraded": {name: job.writes["slices"] for name, job in degraded.items()}},
        {"slices": sliced.identity, "degraded": {name: job.identity for name, job in degraded.items()}},
        {"subject": subject, "slice": index},
    )


def _estimates(jobs: Jobs, scale: int) -> Source:
    """Models with their first seed, of the fold that tests the shown subject, with the test sets of the panels."""
    fold, first = _shown_fold(jobs), {}
    for names, job in _models(jobs, scale):
        if names["fold"] == fold:
            first.setdefault((names["architecture"], names["loss"], names["training_set"]), (names, job))
    models = list(first.values())
    sets = {name: jobs.pairs(scale, name, "test", fold) for name in jobs.study.figures.panel_test_sets}
    kinds = sorted({job.settings["architecture"]["kind"] for _, job in models})
    return Source(
        {
            "weights": [job.writes["weights"] for _, job in models],
            "test_sets": {name: files for name, (files, _) in sets.items()},
        },
        {
            "models": [job.identity for _, job in models],
            "test_sets": {name: identities for name, (_, identities) in sets.items()},
        },
        {
            "models": [names for names, _ in models],
            "subject": _shown_subject(jobs),
            "slice": jobs.study.figures.panel_slice,
        },
        tuple(f"mrisr.models.{kind}" for kind in kinds),
    )


def _shown_baselines(jobs: Jobs, scale: int) -> Source:
    """The baselines of the panels, if the study names any. They need no file."""
    study = jobs.study
    known = {
        name: described("baselines", name, study.evaluation.baselines[name]) for name in study.figures.panel_baselines
    }
    settings = {"baselines": known, "grid": study.protocol.grid} if known else {}
    return Source({}, {}, settings, tuple(m for method in known.values() for m in plugins.modules("baselines", method)))


def _methods(jobs: Jobs, scale: int) -> Source:
    """For each test group its first subject, with the models of the first seed and of the fold that tests it.

    Also the baselines that do not see the high-resolution slice, and the test sets of the panels.
    """
    study, shown, weights, needs, sets = jobs.study, {}, {}, {}, {}
    kinds: set[str] = set()
    for group in jobs.subjects.group_names:
        subject = next(name for name, of in jobs.subjects.groups.items() if of == group)
        run = {"seed": study.seeds[0], "fold": jobs.subjects.testing_fold(subject)}
        models = [(names, job) for names, job in _models(jobs, scale) if run.items() <= names.items()]
        pairs = {name: jobs.pairs(scale, name, "test", run["fold"]) for name in study.figures.panel_test_sets}
        named = [[names[key] for key in ("architecture", "loss", "training_set")] for names, _ in models]
        shown[group] = {"subject": subject, "slice": None, "models": named}
        weights[group] = [job.writes["weights"] for _, job in models]
        sets[group] = {name: files for name, (files, _) in pairs.items()}
        needs[group] = [[job.identity for _, job in models], {name: found for name, (_, found) in pairs.items()}]
        kinds |= {job.settings["architecture"]["kind"] for _, job in models}
    floors = {n: described("baselines", n, m) for n, m in study.evaluation.baselines.items() if not _is_ceiling(n, m)}
    return Source(
        {"weights": weights, "test_sets": sets},
        {"methods": needs},
        {"shown": shown, "baselines": floors, "grid": study.protocol.grid},
        (
            *(f"mrisr.models.{kind}" for kind in sorted(kinds)),
            *(module for known in floors.values() for module in plugins.modules("baselines", known)),
        ),
    )


def _is_ceiling(name: str, method: Method) -> bool:
    return bool(constant("baselines", name, method, "SEES_REFERENCE"))


def _estimators(jobs: Jobs) -> list[str]:
    """The methods that estimate kernels for a degradation of the study."""
    return [name for name in dict.fromkeys(jobs.study.estimated.values()) if jobs.study.gives(name) == "kernels"]


def _kernel_seeds(jobs: Jobs, scale: int) -> Source:
    """The kernels of the training subjects of the first fold, by seed, and the subjects' slices.

    They are those of the methods that have further seeds.
    """
    seeds = {name: [own.seed, *own.further_seeds] for name, own in jobs.study.kernels.items() if own.further_seeds}
    subjects = jobs.subjects.of("train")
    found = {
        f"{method} {subject}": {str(seed): jobs.learned(method, scale, subject, seed=seed) for seed in seeds[method]}
        for method in _estimators(jobs)
        if method in seeds
        for subject in subjects
    }
    sliced = {subject: jobs.job("slice", subject=subject) for subject in subjects}
    return Source(
        {
            "kernels": {n: {s: job.writes["kernels"] for s, job in own.items()} for n, own in found.items()},
            "slices": {subject: job.writes["slices"] for subject, job in sliced.items()},
        },
        {
            "kernels": {name: {seed: job.identity for seed, job in own.items()} for name, own in found.items()},
            "slices": {subject: job.identity for subject, job in sliced.items()},
        },
    )


def _kernels(jobs: Jobs, scale: int) -> Source:
    """The estimated kernels of the training subjects of the first fold."""
    found = {
        f"{method} {subject}": jobs.learned(method, scale, subject)
        for method in _estimators(jobs)
        for subject in jobs.subjects.of("train")
    }
    return Source(
        {"kernels": {name: job.writes["kernels"] for name, job in found.items()}},
        {"kernels": {name: job.identity for name, job in found.items()}},
    )


def _models(jobs: Jobs, scale: int) -> list[tuple[dict[str, Any], Job]]:
    return [(names, jobs.job("train", **names)) for names in jobs.models() if names["scale"] == scale]


def _shown_subject(jobs: Jobs) -> str:
    """The test subject that is shown."""
    return jobs.study.figures.panel_subject or next(iter(jobs.subjects.groups))


def _shown_fold(jobs: Jobs) -> int:
    """The fold that tests the shown subject."""
    return jobs.subjects.testing_fold(_shown_subject(jobs))


SOURCES: dict[str, Callable[[Jobs, int], Source]] = {
    "scores": _scores,
    "bias": _bias,
    "beside": _beside,
    "families": _families,
    "histories": _histories,
    "diversity": _diversity,
    "kept_epochs": _kept_epochs,
    "test_slices": _test_slices,
    "training_slices": _training_slices,
    "scan_slices": _scan_slices,
    SHOWN_MODELS: _estimates,
    "shown_baselines": _shown_baselines,
    SHOWN_METHODS: _methods,
    "kernels": _kernels,
    "kernel_seeds": _kernel_seeds,
}
