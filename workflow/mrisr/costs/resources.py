"""Memory and run time that a rule requests, by the data's size and the architecture.

Each stage has its own formula; this file holds what they share. Each constant is measured (benchmarks/memory.py,
docs/cluster.md). A request is an upper bound, not a forecast: run times hold for a slow core, and memory is that of the
largest job of the kind, with a margin. A repeated job requests more.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from mrisr.stages.stage import Jobs
from mrisr.study.places import COSTS

from .geometry import Geometries, Geometry
from .memo import Memo
from .networks import Network, measure, network

MARGIN = 1.3
"""Margin over the measured need."""
MOST_MINUTES = 240
"""Longest run time that is requested, in minutes. A longer job that keeps its state is requeued and continues."""
START_MINUTES = 5
"""Start of a job, and waiting for files."""


class Measures:
    """Quantities for the cost formulas of the stages."""

    MB = 1e6
    BASE_MB, TORCH_MB = 250, 450
    """A process with the numerical libraries, and with torch."""
    CUDA_MB = 3000
    """Memory of the host that CUDA's libraries take."""
    CPU_RATE, CUDA_RATE = 5e9, 1e12
    """Floating-point operations a second that a slow core, and a small GPU, reach."""
    ESTIMATE_ARRAYS = 3
    """Arrays as large as a network's largest that an estimate holds at once."""
    ROW_BYTES = 1500
    """A row of scores.csv in memory while the tables are made."""
    ROWS_A_SECOND = 1e5
    BYTES_A_ROW, BYTES_A_PICTURE = 95, 300_000
    """On disk."""

    def __init__(self, plan: Jobs, memo: Memo, geometries: Geometries, auto: str):
        self.plan, self.memo, self.geometries, self.auto = plan, memo, geometries, auto

    def device(self, device: str) -> str:
        """A device, or what ``auto`` means."""
        return self.auto if device == "auto" else device

    def network(self, architecture: str, scale: Any) -> Network:
        """The measurement of an architecture of the study at a scale."""
        study = self.plan.study
        return network(study.architecture(architecture), study.model_scale(scale), self.memo)

    @staticmethod
    def largest(geometries: list[Geometry]) -> Geometry:
        """The geometry with the largest slices."""
        return max(geometries, key=lambda geometry: geometry.pixels)

    @staticmethod
    def pixels(geometries: list[Geometry]) -> int:
        """Pixels of all slices."""
        return sum(geometry.slices * geometry.pixels for geometry in geometries)


class Resources(Measures):
    """What the jobs of a study request. ``auto`` is the device that ``device: auto`` will find."""

    def __init__(self, plan: Jobs, *, auto: str = "cuda"):
        memo = Memo(COSTS)
        super().__init__(plan, memo, Geometries(plan, memo), auto)
        self._asks = functools.cache(self._asks)

    def measure_networks(self) -> None:
        """Measure the architectures that are not known yet (some seconds, once)."""
        study = self.plan.study
        wanted = {(model["architecture"], study.model_scale(model["scale"])) for model in self.plan.models()}
        measure([(study.architecture(name), scale) for name, scale in sorted(wanted)], self.memo)
        self.memo.save()

    def memory_mb(self, stage: str, attempt: int = 1, **wildcards: Any) -> int:
        """Memory of a job, MB. Each further attempt adds half of the first request."""
        megabytes, _ = self._asks(stage, *self._influence(stage, wildcards))
        return _rounded(megabytes * MARGIN * (1 + attempt) / 2, 100)

    def minutes(self, stage: str, **wildcards: Any) -> int:
        """Run time of a job, minutes."""
        _, minutes = self._asks(stage, *self._influence(stage, wildcards))
        return _rounded(minutes + START_MINUTES, 5)

    def limits(self, memory: float) -> list[str]:
        """What is too large or too long in the study, one line each; ``memory`` is the machine's, in bytes.

        Raises
        ------
        InputError
            As `Plan.jobs`.
        """
        jobs, found = self.plan.jobs(), {}
        for name, stage in self.plan.stages.items():
            own = [job for job in jobs if job.stage == name]
            found |= dict.fromkeys(stage.limits(self, memory, own))
        self.memo.save()
        return list(found)

    @staticmethod
    def limited(minutes: float) -> float:
        """Minutes of a job that keeps its state. It need not finish in one go, so the time is limited."""
        return min(minutes, MOST_MINUTES - START_MINUTES)

    def _influence(self, stage: str, wildcards: dict[str, Any]) -> list[tuple[str, str]]:
        known = {**wildcards, "fold": wildcards.get("fold") or 0}
        return [(name, str(known[name])) for name in self.plan.stages[stage].INFLUENCE]

    def _asks(self, stage: str, *influence: tuple[str, str]) -> tuple[float, float]:
        return self.plan.stages[stage].asks(self, **dict(influence))


def _rounded(value: float, step: int) -> int:
    return math.ceil(value / step) * step
