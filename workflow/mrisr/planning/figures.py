"""The figures that a study draws, and the pictures of each."""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING, Any

from mrisr import plugins
from mrisr.errors import InputError
from mrisr.study.config import StudyConfig

if TYPE_CHECKING:
    from mrisr.stages.stage import Jobs


def available() -> list[str]:
    """Names of all figures in the library."""
    return plugins.available("figures")


def declared(figure: str, constant: str) -> Any:
    """The value of a constant that a figure's class declares."""
    return plugins.describe("figures", figure).constants[constant]


def drawn(study: StudyConfig) -> list[str]:
    """The figures of a study: those that every study has, those of its sections, and those that the study adds."""
    return [
        *(name for name in available() if declared(name, "ALWAYS") or _is_asked_by_section(study, name)),
        *study.figures.further,
    ]


def _is_asked_by_section(study: StudyConfig, figure: str) -> bool:
    """Whether the study is of a figure's paper and has the section, or the key of one, that ``ASKED_BY`` names."""
    key = plugins.constant("figures", figure, "ASKED_BY")
    papers = plugins.constant("figures", figure, "PAPERS")
    is_of_paper = papers is None or study.evaluation.paper in papers
    return key is not None and is_of_paper and bool(operator.attrgetter(key)(study))


def pictures(jobs: Jobs, figure: str) -> dict[str, dict[str, str]]:
    """What a figure draws: {file name without suffix: what is shown}, one picture for each of its ``FOR_EACH``."""
    study, groups = jobs.study, jobs.subjects.group_names
    trained = dict.fromkeys((names["architecture"], names["loss"]) for names in jobs.models())
    values: dict[str, list[dict[str, str]]] = {
        "metric": [{"metric": name} for name in study.figures.metrics],
        "group": [{"group": name} for name in groups],
        "model": [{"architecture": architecture, "loss": loss} for architecture, loss in trained],
        "test_set": [{"test_set": name} for name in study.figures.panel_test_sets],
    }
    found = {}
    for parts in itertools.product(*(values[dimension] for dimension in declared(figure, "FOR_EACH"))):
        shown = {key: value for part in parts for key, value in part.items()}
        # No name means the primary group.
        name = "_".join([figure, *(value for value in shown.values() if value != groups[0])])
        if found.setdefault(name, shown) is not shown:
            pair = " and ".join(" ".join(one.values()) for one in (found[name], shown))
            raise InputError(f"figures: the pictures of {pair} would both be called {name}; choose other names")
    return found


def numbers(jobs: Jobs, figure: str, scale: int | str) -> dict[str, str]:
    """Paths of the tables that a figure declares in ``NUMBERS``, by name, at a scale (or with ``{scale}``)."""
    names = plugins.constant("figures", figure, "NUMBERS") or ()
    return {name: f"{jobs.layout.tables}/x{scale}/{name}" for name in names}


def stems(jobs: Jobs, figure: str, scale: int | str) -> list[str]:
    """Paths without suffix of the pictures at a scale (or with the wildcard ``{scale}``)."""
    return [f"{jobs.layout.figures}/x{scale}/{name}" for name in pictures(jobs, figure)]
