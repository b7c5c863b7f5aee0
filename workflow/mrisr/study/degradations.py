"""The section ``degradations``: mixtures, scans, learned degradations, and names that clash with columns of tables."""

from __future__ import annotations

from collections.abc import Iterable

from mrisr import plugins
from mrisr.errors import InputError, suggestion

from .checks import Study, repeated
from .methods import option_problems
from .written import all_options

COLUMNS = {"scale", "architecture", "loss", "training_set", "std_over", "note"}
"""Columns of the wide tables beside those of the test sets."""


def problems(study: Study) -> Iterable[str]:
    """Impossible mixtures, scans and learned degradations, and names that are other columns of the tables."""
    yield from _option_problems(study)
    yield from _mixture_problems(study)
    yield from _scan_problems(study)
    yield from _learned_problems(study)
    for name in study.degradations:
        if name in COLUMNS:
            yield f"degradations.{name}: is a column of the tables; choose another label (and name its kind)"


def _option_problems(study: Study) -> Iterable[str]:
    """Values that a degradation itself refuses. Each degradation is made once for this, without importing torch.

    Other methods need torch. `mrisr.running.trial` makes them in another process.
    """
    made_later = {*study.mixtures, *study.estimated, *study.scanned}
    for name, method in study.degradations.items():
        kind = method.kind or name
        if name in made_later or not method.options or kind not in plugins.available("degradations"):
            continue
        if any(option_problems("degradations", kind, method.options)):
            continue  # reported already
        options = all_options("degradations", kind, method.options)
        for scale in study.protocol.scales:
            try:
                plugins.build("degradations", kind, scale=scale, grid=study.protocol.grid, **options)
            except InputError as error:
                yield from (f"degradations.{name}: {problem}" for problem in error.problems)
                break


def _mixture_problems(study: Study) -> Iterable[str]:
    for name in study.mixtures:
        members = study.degradations[name].options.get("members") or []
        plain = [other for other in study.degradations if other not in study.mixtures]
        if members == []:
            yield f"degradations.{name}.members: is empty; a mixture needs at least one member"
        seed = study.mixture_seed(name)
        if isinstance(seed, int) and seed < 0:
            yield f"degradations.{name}.seed: {seed} is not allowed (at least 0)"
        if study.degradations[name].options.get("shift"):
            yield f"degradations.{name}.shift: a mixture has the images of its members; set shift for the members"
        if not isinstance(members, list):
            continue  # reported by the check of its type
        yield from repeated(f"degradations.{name}.members", [str(member) for member in members])
        for member in members:
            if member not in plain:
                yield (
                    f"degradations.{name}.members: {member!r} is not a degradation of this study "
                    f"that is no mixture itself ({suggestion(str(member), plain)})"
                )


def _scan_problems(study: Study) -> Iterable[str]:
    for name in study.scanned:
        if study.protocol.grid != "low":
            yield f"degradations.{name}: a scan lives on the low grid; set protocol.grid to low"
        if study.degradations[name].options.get("file") is not None:
            yield f"degradations.{name}.file: is given by the workflow; leave it out"


def _learned_problems(study: Study) -> Iterable[str]:
    """Degradations that apply what a method of the section ``kernels`` learns."""
    for name, method in study.estimated.items():
        if method not in study.kernels:
            nearest = suggestion(str(method), study.kernels)
            yield f"degradations.{name}.by: '{method}' is no method of the section kernels ({nearest})"
        if study.protocol.grid != "low":
            yield f"degradations.{name}: what is learned leads to the low grid; set protocol.grid to low"
        options = study.degradations[name].options
        if options.get("file") is not None:
            yield f"degradations.{name}.file: is given by the workflow; leave it out"
        if options.get("shared") and "kernels" not in study.learned([method]):
            yield f"degradations.{name}.shared: '{method}' gives no kernels but one network for all; leave it out"
