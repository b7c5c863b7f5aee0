"""The section ``kernels``: methods that learn from slices how low-resolution scans came about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field, ValidationError

from mrisr import plugins

from .checks import Study, listed, repeated, unknown
from .methods import Method
from .schema import schema_problems
from .section import Name, Positive, Seed
from .training import TrainingOptions, option_problems, patch_problems


class Kernels(Method):
    """A method of the shelf ``kernels`` under a name of the study, and what it learns from."""

    source: Name = Field(
        description="the degradation that it learns from: its slices are taken as the low-resolution scans"
    )
    seed: Seed = Field(0, description="seed of all its randomness")
    further_seeds: list[Seed] = Field(
        [],
        description="seeds with which the kernels of the training subjects are estimated again, for the figure"
        " kernel_seeds; models learn from the kernels of seed alone",
    )
    threads: Positive = Field(1, description="threads of an estimation")
    loss: Name = Field("l1", description="pixel loss of a downsampling network")
    training: dict[str, Any] = Field(
        {}, description="keys of the section training that differ for a downsampling network"
    )


def problems(study: Study) -> Iterable[str]:
    """Sources, losses and scales that do not exist, and impossible options of a training."""
    scanned = [name for name in study.degradations if name not in study.mixtures and name not in study.estimated]
    for name, method in study.kernels.items():
        yield from unknown(f"kernels.{name}.source", [method.source], scanned)
        yield from unknown(f"kernels.{name}.loss", [method.loss], plugins.available("losses"))
        yield from _seed_problems(name, method)
        scales = plugins.constant("kernels", method.kind or name, "SCALES") or study.protocol.scales
        for scale in sorted(set(study.protocol.scales) - set(scales)):
            yield f"protocol.scales: {scale}: the method '{name}' has no scale {scale} (allowed: {listed(scales)})"
        yield from _network_problems(study, f"kernels.{name}.training", method)


def _seed_problems(name: str, method: Kernels) -> Iterable[str]:
    key = f"kernels.{name}.further_seeds"
    yield from repeated(key, (method.seed, *method.further_seeds))
    if method.further_seeds and plugins.constant("kernels", method.kind or name, "GIVES") == "network":
        yield f"{key}: '{name}' learns one network and no kernels; leave it out"


def _network_problems(study: Study, key: str, method: Kernels) -> Iterable[str]:
    try:
        options = study.training_of(method)
    except ValidationError as error:
        yield from schema_problems(error, TrainingOptions, prefix=f"{key}.")
        return
    told = set(option_problems(study.training))
    yield from (f"{key}.{problem}" for keys, problem in option_problems(options) if (keys, problem) not in told)
    if not {"patch", "eighth_turns"} & method.training.keys():
        return  # problems of the section training are reported there
    if options.eighth_turns and options.patch is None:
        yield f"{key}.eighth_turns: a whole slice cannot be turned by 45 degrees; give {key}.patch"
    for scale in study.protocol.scales:
        yield from patch_problems(f"{key}.patch", options.patch, scale)
