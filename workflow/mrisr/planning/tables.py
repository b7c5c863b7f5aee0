"""The tables of a study, and the remarks that all of them carry."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from mrisr import plugins
from mrisr.study.config import StudyConfig

from . import families
from .methods import constant, described

if TYPE_CHECKING:
    from mrisr.stages.stage import Jobs

READABLE = {
    "networks": ("parameters", "parameters"),
    "routes": ("route", "routes"),
    "diversity": ("diversity", "diversity"),
}
"""What a table can name in ``READS`` beside the scores: the stage that makes it, and the role of its file there."""
HISTORIES = "histories"
"""Likewise the histories of all models, in the order of the plan's models."""
SECTIONS = ("families",)
"""Sections of a study that ask for tables."""


def written(study: StudyConfig) -> list[str]:
    """The tables of a study.

    These are all except those that need a key or a section that is not set, and those of other papers.
    """
    return [name for name in plugins.available("tables") if all(asked(study, name).values()) and _is_of(study, name)]


def _is_of(study: StudyConfig, table: str) -> bool:
    """Whether a table belongs to the study's paper, or to no single one."""
    papers = plugins.constant("tables", table, "PAPERS")
    return papers is None or study.evaluation.paper in papers


def read(jobs: Jobs) -> dict[str, tuple[str | list[str], str | list[str]]]:
    """What the tables of the study read beside the scores, if the study makes it: path and identity, by its name.

    `HISTORIES` are lists.
    """
    wanted = {name for table in written(jobs.study) for name in plugins.constant("tables", table, "READS") or ()}
    found = {}
    for name, (stage, role) in READABLE.items():
        if name in wanted and jobs.stages[stage].targets():
            job = jobs.job(stage)
            found[name] = job.writes[role], job.identity
    if HISTORIES in wanted:
        trained = [jobs.job("train", **names) for names in jobs.models()]
        found[HISTORIES] = [job.writes["history"] for job in trained], [job.identity for job in trained]
    return found


def asked(study: StudyConfig, table: str) -> dict[str, Any]:
    """The key that asks for a table, with its value. Empty if every study has the table.

    The key is one of the section ``evaluation``, or the section ``families``.
    """
    key = plugins.describe("tables", table).constants["ASKED_BY"]
    if key is None:
        return {}
    if key in SECTIONS:
        return {key: families.described(study)}
    value = getattr(study.evaluation, key)
    return {key: value.model_dump() if isinstance(value, BaseModel) else value}


def files(jobs: Jobs, table: str) -> list[str]:
    """Files of a table below the folder ``tables``. Each test group other than the primary one has its own folder."""
    constants = plugins.describe("tables", table).constants
    if not constants["FOR_EACH"]:
        return list(constants["FILES"])
    groups, metrics = jobs.subjects.group_names, jobs.study.evaluation.metrics
    folders = ["", *(f"{group}/" for group in groups[1:])]
    return [
        folder + name.format(metric=metric)
        for folder, metric, name in itertools.product(folders, metrics, constants["FILES"])
    ]


def cross_validation(jobs: Jobs) -> str:
    """The remark about folds that every table has; empty without folds."""
    folds, asked = jobs.subjects.folds, jobs.study.folds
    if not asked:
        return ""
    fewer = "" if folds == asked else f" (as many as there are subjects; folds: {asked})"
    return f"{folds}-fold cross-validation by subject{fewer}"


def order(jobs: Jobs) -> dict[str, Any]:
    """The fields of `mrisr.statistics.order.Order`: the study's names in its order, its metrics, and remarks."""
    study, models = jobs.study, jobs.models()
    # Names that no model has are left out. They appear in no table, so adding one must not make tables stale.
    used = {name: {model[name] for model in models} for name in ("architecture", "loss", "training_set")}
    return {
        "training_sets": [name for name in study.training_sets if name in used["training_set"]],
        "test_sets": study.test_sets,
        "architectures": [
            *study.evaluation.baselines,
            *(name for name in study.architectures if name in used["architecture"]),
        ],
        "losses": [name for name in study.losses if name in used["loss"]],
        "groups": jobs.subjects.group_names,
        "metrics": {name: _metric(jobs, name) for name in study.evaluation.metrics},
        "mixtures": study.mixtures,
        "simulated": [name for name in study.test_sets if _is_simulated(study, name)],
        "leakage": study.allow_leakage,
        "ceilings": ceilings(study),
        "grid": study.protocol.grid,
        **({"cross_validation": cross_validation(jobs)} if study.folds else {}),
        **({"varying": varying} if (varying := _varying(study)) else {}),
        **({"readings": study.evaluation.readings} if study.evaluation.readings else {}),
    }


def _varying(study: StudyConfig) -> dict[str, str]:
    """A remark for each training or test set with a learned degradation whose method declares ``VARIES``."""
    remarks = {}
    for name in dict.fromkeys([*study.training_sets, *study.test_sets]):
        learners = dict.fromkeys(study.estimated[member] for member in study.members(name) if member in study.estimated)
        found = {by: constant("kernels", by, study.kernels[by], "VARIES") for by in learners}
        told = [
            f"{by}: one seed ({study.kernels[by].seed}) was run, elsewhere {text}" for by, text in found.items() if text
        ]
        if told:
            remarks[name] = "; ".join(told)
    return remarks


def ceilings(study: StudyConfig) -> list[str]:
    """The baselines that see the high-resolution slice."""
    known = study.evaluation.baselines.items()
    return [name for name, method in known if constant("baselines", name, method, "SEES_REFERENCE")]


def _is_simulated(study: StudyConfig, test_set: str) -> bool:
    """Whether a test set contains a degradation that replaces real low-resolution scans."""
    members = study.members(test_set)
    return any(constant("degradations", name, study.degradations[name], "STANDS_IN") for name in members)


def _metric(jobs: Jobs, name: str) -> dict[str, Any]:
    method = jobs.study.evaluation.metrics[name]
    known = described("metrics", name, method)
    options = known["options"]
    for option, stage in (constant("metrics", name, method, "NEEDS") or {}).items():
        if options[option] is None:
            options = jobs.stages[stage].result_options()
    constants = plugins.describe("metrics", known["kind"]).constants
    label, masked = constants["LABEL"], options.get("masked")
    if masked:
        quantity, bracket, unit = label.partition(" (")
        label = f"{quantity} inside the mask{bracket}{unit}"
    # The label says it.
    options = {option: value for option, value in options.items() if option != "masked"}
    return {"label": label, "higher_is_better": constants["HIGHER_IS_BETTER"], "options": options}
