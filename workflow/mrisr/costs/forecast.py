"""Forecasts the costs of a study stage by stage: jobs, hours, disk and memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mrisr.planning.currency import is_current
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan
from mrisr.study.places import CHECKPOINTS

from .calibration import Calibration
from .resources import Measures, Resources

SNAKEMAKE_SECONDS = 0.4
"""Seconds that Snakemake adds to a local job: shell, log, records."""


@dataclass
class Line:
    """One line of the forecast. ``seconds``, ``gpu_seconds`` and ``bytes`` count only the jobs still to do."""

    name: str
    jobs: int = 0
    done: int = 0
    seconds: float = 0.0
    gpu_seconds: float = 0.0
    bytes: float = 0.0
    bytes_there: int = 0
    memory_mb: int = 0


class Forecast(Measures):
    """The costs of a study's jobs.

    Parameters
    ----------
    plan : Plan
    study : Path
        The study's file, for the start of a process.
    resources : Resources
        Memory of the jobs.
    calibration : Calibration
    device : str
        The device that ``auto`` means here: ``cpu`` or ``cuda``.
    """

    checkpoints = CHECKPOINTS

    def __init__(self, plan: Plan, study: Path, resources: Resources, calibration: Calibration, device: str):
        super().__init__(plan, resources.memo, resources.geometries, device)
        self.study, self.resources, self.calibration = study, resources, calibration

    def lines(self) -> list[Line]:
        """One line per verb, in the order of the data flow. Volumes that are still to be fetched are left out."""
        found: dict[str, Line] = {}
        for name, stage in self.plan.stages.items():
            jobs = [job for job in self.plan.jobs() if job.stage == name]
            for job in jobs:
                self._add(found.setdefault(stage.VERB, Line(stage.VERB)), job)
        return list(found.values())

    def _add(self, line: Line, job: Job) -> None:
        line.jobs += 1
        line.memory_mb = max(line.memory_mb, self.resources.memory_mb(job.stage, **job.wildcards))
        if is_current(self.plan, job):
            line.done += 1
            line.bytes_there += sum(Path(path).stat().st_size for path in job.writes.values())
            return
        seconds, size = self.plan.stages[job.stage].takes(self, job)
        seconds += self.calibration.start(self.study, job.modules) + SNAKEMAKE_SECONDS
        line.seconds += seconds
        line.bytes += size
        device = self.plan.stages[job.stage].device(job.wildcards)
        if device is not None and self.device(device) == "cuda":
            line.gpu_seconds += seconds


def peak(lines: Iterable[Line]) -> int:
    """Memory of the largest job, MB."""
    return max(line.memory_mb for line in lines)
