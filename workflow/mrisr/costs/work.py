"""How much there is to do in a training or an evaluation: steps, pixels, operations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mrisr.plan import Plan
from mrisr.study import TrainingOptions

from .geometry import Geometries, Geometry
from .networks import Network

TRAINING = 3
"""Operations of a training step in units of an estimate's: forward, and backward at twice of that."""
REGISTRATION_SECONDS, REGISTRATION_RATE = 20, 1.5e5
"""Of any registration, and voxels of the high-resolution scan a second besides (measured with 20 iterations and
20 mm: 28 s for 128 x 128 x 64 voxels of 1 mm, 52 s for 256 x 256 x 96, 93 s for 256 x 256 x 180)."""


@dataclass(frozen=True)
class TrainingWork:
    """``steps`` of ``batch_pixels`` HR pixels each, and ``validations`` of ``validation_pixels`` over all slices."""

    steps: int
    batch_pixels: int
    validations: int
    validation_pixels: int

    def operations(self, network: Network) -> float:
        """Floating-point operations of the whole training."""
        pixels = TRAINING * self.steps * self.batch_pixels + self.validations * self.validation_pixels
        return network.flops * pixels


def training_work(plan: Plan, architecture: str, geometries: Geometries, fold: int = 0) -> TrainingWork:
    """The work of training one model of an architecture in a fold."""
    options = plan.study.training.for_architecture(architecture)
    training, validation = geometries.split("train", fold), geometries.split("validation", fold)
    batch = options.batch * (options.patch**2 if options.patch else largest(training).pixels)
    due = math.ceil(options.epochs / options.validate_every)
    return TrainingWork(training_steps(options, training), batch, due, pixels(validation))


def training_steps(options: TrainingOptions, training: list[Geometry]) -> int:
    """Steps of a whole training on the slices of some subjects."""
    slices = sum(geometry.slices for geometry in training)
    return options.epochs * (options.steps_per_epoch or math.ceil(slices / options.batch))


def registration_seconds(voxels: int, options: Mapping[str, Any]) -> float:
    """Time of registering a scan to one of so many voxels, by the options of the degradation ``scanned``."""
    measured = REGISTRATION_SECONDS + voxels / REGISTRATION_RATE
    # Half the distance of the control points took twice as long.
    return measured * options["iterations"] / 20 * max(1.0, 20 / options["control_spacing"])


def scored_sets(plan: Plan) -> int:
    """Test sets whose slices are scored: a mixture's slices are those of its members, and are not scored again."""
    return len({member for name in plan.study.test_sets for member in plan.study.members(name)})


def tested_pixels(plan: Plan, geometries: Geometries, fold: int) -> int:
    """HR pixels that an evaluation scores in a fold."""
    return scored_sets(plan) * pixels(geometries.split("test", fold))


def largest(geometries: list[Geometry]) -> Geometry:
    """The geometry with the largest slices."""
    return max(geometries, key=lambda geometry: geometry.pixels)


def pixels(geometries: list[Geometry]) -> int:
    """Pixels of all slices."""
    return sum(geometry.slices * geometry.pixels for geometry in geometries)


def score_rows(plan: Plan, geometries: Geometries) -> int:
    """Rows of scores.csv of the whole study."""
    of_fold = {f: sum(g.slices for g in geometries.split("test", f)) for f in range(plan.subjects.folds)}
    slices = sum(of_fold[names.get("fold", 0)] for names in (*plan.models(), *plan.baselines()))
    return slices * len(plan.study.test_sets) * len(plan.study.evaluation.metrics)


def scale_of_network(plan: Plan, scale: Any) -> int:
    """Factor that a network enlarges by: 1 on the HR grid."""
    return int(scale) if plan.study.protocol.grid == "low" else 1
