"""Memory and run time that a rule asks for, as functions of the data's size and the architecture.

Each constant is measured (benchmarks/memory.py, docs/cluster.md); a request is a bound and not a forecast: run times
hold for a slow core, and memory is what the largest job of the kind had, with a margin. A repeated job asks for more.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from mrisr.layout import COSTS
from mrisr.memory import KEPT_SLICES
from mrisr.plan import Plan
from mrisr.plugins import resolved

from .geometry import Geometries
from .memo import Memo
from .networks import Network, measure, network
from .work import largest, registration_seconds, scale_of_network, score_rows, tested_pixels, training_work

MB = 1e6
MARGIN = 1.3
"""Over what was measured."""
BASE_MB, TORCH_MB = 250, 450
"""A process with the numerical libraries, and with torch."""
CUDA_MB = 3000
"""Memory of the host that CUDA's libraries take."""
READ_BYTES = 14
"""A voxel while a volume is read, normalised, cut and written."""
REGISTER_MB, REGISTER_BYTES = 100, 30
"""SimpleITK and the control points; a voxel of the high-resolution scan while it is read and a scan is registered."""
REGISTER_SLOWER = 3
"""Times what a registration took where it was measured: it cannot go on in another job."""
DEGRADE_BYTES = 5
"""A pixel of all slices of a subject: what is collected and written."""
DEGRADE_MB = 200
"""Working memory of an operator (`mrisr.degradations._operator.CHUNK_PIXELS`)."""
METRIC_BYTES = 400
"""A pixel while an estimate is scored."""
ESTIMATE = 3
"""Arrays as large as a network's largest that an estimate holds at once."""
ROW_BYTES = 1500
"""A row of scores.csv while the tables are made."""
FIGURE_MB = 600
GANS_MB, NETWORK_MB = 1200, 2000
"""A batch of kernel estimations on the CPU; a step of a downsampling network's training there."""
ITERATIONS, KERNEL_RATE, KERNEL_CUDA_RATE = 3000, 30, 2000
"""Iterations of a slice's kernel estimation, and how many of them a second a slow core, and a small GPU, make."""
OPTIMISER = 16
"""Bytes a parameter: weight, gradient, two moments."""

CPU_RATE, CUDA_RATE = 5e9, 1e12
"""Floating-point operations a second that a slow core, and a small GPU, reach."""
READ_RATE, DEGRADE_RATE, SCORE_RATE = 2e6, 2e5, 5e4
"""Voxels read, pixels degraded, and pixels scored a second, on a slow core."""
MOST_MINUTES = 240
"""A training that takes longer goes on in the same job requeued."""
START_MINUTES = 5
"""Start of a job, and waiting for files."""

INFLUENCE = {
    "slice": ("subject",),
    "register": ("subject", "degradation"),
    "degrade": ("subject",),
    "kernels": ("subject", "method"),
    "network": ("method",),
    "brisque": ("fold",),
    "train": ("architecture", "scale", "fold"),
    "evaluate": ("architecture", "scale", "fold"),
    "baseline": ("fold",),
    "figure": ("figure",),
}
"""Wildcards that a stage's costs depend on."""


class Resources:
    """What the jobs of a study ask for; ``auto`` is the device that ``device: auto`` will find."""

    def __init__(self, plan: Plan, *, auto: str = "cuda"):
        self.plan, self.auto = plan, auto
        self.memo = Memo(COSTS)
        self.geometries = Geometries(plan, self.memo)
        self._costs = functools.cache(self._costs)

    def measure_networks(self) -> None:
        """Measure the architectures that are not known yet (some seconds, once)."""
        wanted = {(model["architecture"], scale_of_network(self.plan, model["scale"])) for model in self.plan.models()}
        measure([(self.plan.architecture(name), scale) for name, scale in sorted(wanted)], self.memo)
        self.memo.save()

    def memory_mb(self, stage: str, attempt: int = 1, **wildcards: Any) -> int:
        """Memory of a job, MB; each further attempt asks for half as much again."""
        megabytes, _ = self._costs(stage, *self._influence(stage, wildcards))
        return _rounded(megabytes * MARGIN * (1 + attempt) / 2, 100)

    def minutes(self, stage: str, **wildcards: Any) -> int:
        """Run time of a job, minutes."""
        _, minutes = self._costs(stage, *self._influence(stage, wildcards))
        return _rounded(minutes + START_MINUTES, 5)

    def _influence(self, stage: str, wildcards: dict[str, Any]) -> list[Any]:
        known = {**wildcards, "fold": wildcards.get("fold") or 0}
        return [str(known[name]) for name in INFLUENCE.get(stage, ())]

    def _costs(self, stage: str, *influence: str) -> tuple[float, float]:
        """MB and minutes of a job."""
        return getattr(self, f"_{stage}")(*influence)

    # ---- stage by stage ---------------------------------------------------------------------------------------------

    def _check(self) -> tuple[float, float]:
        everything = [self.geometries.of(subject) for subject in self.plan.subjects.volumes]
        voxels = [geometry.voxels for geometry in everything]
        return BASE_MB + max(voxels) * READ_BYTES / MB, sum(voxels) / READ_RATE / 60

    def _slice(self, subject: str) -> tuple[float, float]:
        voxels = self.geometries.of(subject).voxels
        return BASE_MB + voxels * READ_BYTES / MB, voxels / READ_RATE / 60

    def _register(self, subject: str, degradation: str) -> tuple[float, float]:
        voxels = self.geometries.of(subject).voxels
        options = resolved("degradations", "scanned", self.plan.study.degradations[degradation].options)
        seconds = REGISTER_SLOWER * registration_seconds(voxels, options)
        return BASE_MB + REGISTER_MB + voxels * REGISTER_BYTES / MB, seconds / 60

    def _degrade(self, subject: str) -> tuple[float, float]:
        geometry = self.geometries.of(subject)
        return (
            BASE_MB + DEGRADE_MB + geometry.slices * geometry.pixels * DEGRADE_BYTES / MB,
            geometry.slices * geometry.pixels / DEGRADE_RATE / 60,
        )

    def _kernels(self, subject: str, method: str) -> tuple[float, float]:
        geometry, options = self.geometries.of(subject), self.plan.study.kernels[method].options
        on_gpu = self._device(options.get("device", "auto")) != "cpu"
        steps = geometry.slices * options.get("iterations", ITERATIONS)
        memory = TORCH_MB + GANS_MB + 2 * geometry.bytes / MB + CUDA_MB * on_gpu
        return memory, self._limited(steps / (KERNEL_CUDA_RATE if on_gpu else KERNEL_RATE) / 60)

    def _network(self, method: str) -> tuple[float, float]:
        options = self.plan.study.training_of(self.plan.study.kernels[method])
        on_gpu = self._device(options.device) != "cpu"
        return TORCH_MB + KEPT_SLICES / MB + (CUDA_MB if on_gpu else NETWORK_MB), self._limited(math.inf)

    def _brisque(self, fold: str) -> tuple[float, float]:
        return BASE_MB + FIGURE_MB + sum(g.bytes for g in self.geometries.split("train", int(fold))) / MB, 30

    def _limited(self, minutes: float) -> float:
        """What can go on in another job need not be done in one."""
        return min(minutes, MOST_MINUTES - START_MINUTES)

    def _train(self, architecture: str, scale: str, fold: str) -> tuple[float, float]:
        work = training_work(self.plan, architecture, self.geometries, int(fold))
        options = self.plan.study.training.for_architecture(architecture)
        needed = self._measured(architecture, scale)
        validation = self.geometries.split("validation", int(fold))
        kept = 2 * sum(geometry.bytes for geometry in (*self.geometries.split("train", int(fold)), *validation))
        memory = TORCH_MB + min(kept, KEPT_SLICES) / MB + needed.parameters * OPTIMISER / MB
        if self._device(options.device) == "cpu":
            memory += _training_arrays(needed, work.batch_pixels, largest(validation).pixels) / MB
            rate = CPU_RATE * options.threads
        else:
            memory, rate = memory + CUDA_MB, CUDA_RATE
        return memory, self._limited(work.operations(needed) / rate / 60)

    def _evaluate(self, architecture: str, scale: str, fold: str) -> tuple[float, float]:
        tested, evaluation = self.geometries.split("test", int(fold)), self.plan.study.evaluation
        needed, all_pixels = self._measured(architecture, scale), tested_pixels(self.plan, self.geometries, int(fold))
        memory, minutes = self._baseline(fold)
        memory += TORCH_MB - BASE_MB + needed.parameters * OPTIMISER / MB
        if evaluation.save_estimates:
            memory += 2 * max(geometry.bytes for geometry in tested) / MB
        if self._device(evaluation.device) == "cpu":
            memory += largest(tested).pixels * needed.largest * ESTIMATE / MB
            rate = CPU_RATE * evaluation.threads
        else:
            memory, rate = memory + CUDA_MB, CUDA_RATE
        return memory, minutes + needed.flops * all_pixels / rate / 60

    def _baseline(self, fold: str) -> tuple[float, float]:
        memory = BASE_MB + largest(self.geometries.split("test", int(fold))).pixels * METRIC_BYTES / MB
        rows = score_rows(self.plan, self.geometries) / max(len(self.plan.models()), 1)
        minutes = tested_pixels(self.plan, self.geometries, int(fold)) / SCORE_RATE / 60
        return memory + rows * ROW_BYTES / MB, minutes

    def _tabulate(self) -> tuple[float, float]:
        rows = score_rows(self.plan, self.geometries)
        return BASE_MB + rows * ROW_BYTES / MB, rows / 1e5

    def _figure(self, figure: str) -> tuple[float, float]:
        memory = FIGURE_MB + score_rows(self.plan, self.geometries) * ROW_BYTES / MB
        if figure == "panel":
            shown = largest([self.geometries.of(subject) for subject in self.plan.subjects.groups]).pixels
            networks = [self._measured(model["architecture"], model["scale"]) for model in self.plan.models()]
            memory += TORCH_MB - BASE_MB + max(n.largest for n in networks) * ESTIMATE * shown / MB
        return memory, 10 + len(self.plan.models()) / 60

    def _device(self, device: str) -> str:
        return self.auto if device == "auto" else device

    def _measured(self, architecture: str, scale: Any) -> Network:
        return network(self.plan.architecture(architecture), scale_of_network(self.plan, scale), self.memo)


def _training_arrays(needed: Network, batch_pixels: int, validation_pixels: int) -> float:
    """Bytes that a step, or a validation, works with on the device."""
    return max(needed.saved * batch_pixels * 1.5, validation_pixels * needed.largest * ESTIMATE)


def _rounded(value: float, step: int) -> int:
    return math.ceil(value / step) * step
