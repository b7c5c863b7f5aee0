"""The methods of a study that can be made before anything is learned, and what each is made with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mrisr import plugins

from .config import StudyConfig
from .methods import Method
from .written import all_options


@dataclass(frozen=True)
class Buildable:
    """A method: its key in the study, its shelf, its plug-in, and all options with which it is made."""

    where: str
    shelf: str
    kind: str
    options: dict[str, Any]


def buildable(study: StudyConfig) -> Iterator[Buildable]:
    """Every method of a study once for each scale, but for those that take what a job makes."""
    for scale in study.protocol.scales:
        yield from _at(study, scale)
    for name, method in study.losses.items():
        yield _built(f"losses.{name}", "losses", name, method)
    for name, method in study.evaluation.metrics.items():
        learned = plugins.constant("metrics", method.kind or name, "NEEDS") or {}
        if all(method.options.get(option) for option in learned):
            yield _built(f"evaluation.metrics.{name}", "metrics", name, method)


def _at(study: StudyConfig, scale: int) -> Iterator[Buildable]:
    grid = study.protocol.grid
    made_later = {*study.mixtures, *study.estimated}
    for name, method in study.degradations.items():
        if name not in made_later:
            yield _built(f"degradations.{name}", "degradations", name, method, scale=scale, grid=grid)
    for name, method in study.kernels.items():
        yield _built(f"kernels.{name}", "kernels", name, method, scale=scale)
        yield _built(f"kernels.{name}.loss", "losses", method.loss, Method())
    for name, method in study.architectures.items():
        yield _built(f"architectures.{name}", "models", name, method, scale=study.model_scale(scale))
    for name, method in study.evaluation.baselines.items():
        both = "grid" in plugins.describe("baselines", method.kind or name).options
        given = {"scale": scale, "grid": grid} if both else {"scale": study.model_scale(scale)}
        yield _built(f"evaluation.baselines.{name}", "baselines", name, method, **given)


def _built(where: str, shelf: str, name: str, method: Method, **given: Any) -> Buildable:
    kind = method.kind or name
    options = {**given, **all_options(shelf, kind, method.options)}
    if "device" in options:
        # Where it computes is no matter here: this machine may only submit jobs.
        options["device"] = "cpu"
    return Buildable(where, shelf, kind, options)
