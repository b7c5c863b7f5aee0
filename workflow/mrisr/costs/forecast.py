"""What a study will cost, stage by stage: jobs, hours, disk and memory, before anything is launched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mrisr.currency import is_current
from mrisr.job import Job
from mrisr.kernel_plan import learned_by
from mrisr.layout import CHECKPOINTS
from mrisr.plan import Plan
from mrisr.study import TrainingOptions

from .calibration import Calibration
from .geometry import Geometry
from .networks import network
from .resources import Resources
from .work import largest, registration_seconds, score_rows, scored_sets, training_steps, training_work

SNAKEMAKE_SECONDS = 0.4
"""What Snakemake adds to a local job: shell, log, records."""
VOXELS_A_SECOND = 6e6
"""Reading, normalising and cutting (measured on the built-in volumes, gzip included)."""
TABLE_SECONDS, FIGURE_SECONDS = 3.0, 8.0
"""Tables and one kind of figure of the default study; each reads what is small."""
ROWS_A_SECOND = 1e5
BYTES_A_ROW, BYTES_A_PICTURE = 95, 300_000
CHECKPOINT_BYTES = 20
"""A parameter: weights, the finished state, and the newest checkpoint with its two moments."""
KERNEL_BYTES, NETWORK_BYTES, REGRESSOR_BYTES = 2000, 3_000_000, 400_000
GPU_STAGES = ("kernels", "network", "train", "evaluate")
STAGES = {
    **{name: name for name in ("check", "slice", "register", "degrade", "kernels", "train", "evaluate", "tabulate")},
    **{"network": "kernels", "brisque": "kernels", "baseline": "evaluate"},
}


@dataclass
class Stage:
    """One line of the forecast; ``seconds``, ``gpu_seconds`` and ``bytes`` are of the jobs still to do."""

    name: str
    jobs: int = 0
    done: int = 0
    seconds: float = 0.0
    gpu_seconds: float = 0.0
    bytes: float = 0.0
    bytes_there: int = 0
    memory_mb: int = 0


@dataclass(frozen=True)
class Cost:
    """Of one job."""

    seconds: float
    bytes: float


class Forecast:
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
        What ``auto`` means here: ``cpu`` or ``cuda``.
    """

    def __init__(self, plan: Plan, study: Path, resources: Resources, calibration: Calibration, device: str):
        self.plan, self.study, self.resources, self.calibration = plan, study, resources, calibration
        self.device = device
        self.geometries = resources.geometries

    def stages(self) -> list[Stage]:
        """One line a stage, in the order of the data flow."""
        found: dict[str, Stage] = {}
        for job in self.plan.jobs():
            if job.stage == "fetch":
                continue
            name = STAGES.get(job.stage, "figures")
            self._add(found.setdefault(name, Stage(name)), job)
        order = list(dict.fromkeys([*STAGES.values(), "figures"]))
        return sorted(found.values(), key=lambda stage: order.index(stage.name))

    def _add(self, stage: Stage, job: Job) -> None:
        stage.jobs += 1
        stage.memory_mb = max(stage.memory_mb, self._memory(job))
        if is_current(self.plan, job):
            stage.done += 1
            stage.bytes_there += sum(Path(path).stat().st_size for path in job.writes.values())
            return
        cost = self.cost(job)
        stage.seconds += cost.seconds
        stage.bytes += cost.bytes
        if self._uses_gpu(job):
            stage.gpu_seconds += cost.seconds

    def cost(self, job: Job) -> Cost:
        """Seconds of a job on this machine, its start included, and bytes that it leaves."""
        figure = job.stage.startswith("figure-")
        cost = self._figure(job) if figure else getattr(self, f"_{job.stage}")(job)
        start = self.calibration.start(self.study, _heaviest(job))
        return Cost(cost.seconds + start + SNAKEMAKE_SECONDS, cost.bytes)

    def _memory(self, job: Job) -> int:
        stage = "figure" if job.stage.startswith("figure-") else job.stage
        return self.resources.memory_mb(stage, **job.wildcards)

    def _uses_gpu(self, job: Job) -> bool:
        settings = job.settings["method"]["options"] if job.stage == "kernels" else job.settings
        device = settings.get("training", settings).get("device")
        return job.stage in GPU_STAGES and (self.device if device == "auto" else device) == "cuda"

    # ---- stage by stage ---------------------------------------------------------------------------------------------

    def _check(self, job: Job) -> Cost:
        voxels = sum(self.geometries.of(subject).voxels for subject in self.plan.subjects.volumes)
        return Cost(voxels / VOXELS_A_SECOND, 1000)

    def _slice(self, job: Job) -> Cost:
        geometry = self.geometries.of(job.wildcards["subject"])
        return Cost(geometry.voxels / VOXELS_A_SECOND, geometry.bytes)

    def _register(self, job: Job) -> Cost:
        geometry = self.geometries.of(job.wildcards["subject"])
        seconds = registration_seconds(geometry.voxels, job.settings["options"])
        return Cost(seconds, geometry.bytes / job.settings["scale"] ** 2 + 2 * BYTES_A_PICTURE)

    def _degrade(self, job: Job) -> Cost:
        geometry = self.geometries.of(job.wildcards["subject"])
        smaller = job.settings["scale"] ** 2 if job.settings["grid"] == "low" else 1
        if "registered" in job.reads:
            return Cost(0.0, geometry.bytes / smaller)
        if "network" in job.reads:
            seconds = self.calibration.downsample(self._learned(job).settings, _shape(geometry))
        else:
            seconds = self.calibration.degrade(job.settings, _shape(geometry))
        return Cost(geometry.slices * seconds, geometry.bytes / smaller)

    def _learned(self, job: Job) -> Job:
        names = job.wildcards
        method = self.plan.study.estimated[names["degradation"]]
        return learned_by(self.plan, method, names["scale"], names["subject"], names.get("fold"))

    def _kernels(self, job: Job) -> Cost:
        geometry = self.geometries.of(job.wildcards["subject"])
        if _is_finished(job):
            return Cost(0.0, KERNEL_BYTES * geometry.slices)
        size = (*_shape(geometry)[1:], job.settings["scale"])
        one = self.calibration.kernel_iteration(job.settings["method"], size, geometry.slices)
        iterations = job.settings["method"]["options"].get("iterations", 1)
        return Cost(one * iterations * geometry.slices, KERNEL_BYTES * geometry.slices)

    def _network(self, job: Job) -> Cost:
        if _is_finished(job):
            return Cost(0.0, NETWORK_BYTES)
        pairs = self.geometries.split("train", _fold(job))
        steps = training_steps(TrainingOptions(**job.settings["training"]), pairs)
        step = self.calibration.training_step(job.settings, _shape(largest(pairs)))
        return Cost(steps * step, NETWORK_BYTES)

    def _brisque(self, job: Job) -> Cost:
        shape = _shape(largest(self.geometries.split("train", _fold(job))))
        return Cost(job.settings["slices"] * self.calibration.distortions(shape), REGRESSOR_BYTES)

    def _train(self, job: Job) -> Cost:
        work = training_work(self.plan, job.wildcards["architecture"], self.geometries, _fold(job))
        needed = network(job.settings["architecture"], job.settings["scale"], self.resources.memo)
        if _is_finished(job):
            return Cost(0.0, 4 * needed.parameters)
        training, validation = job.settings["training"], self.geometries.split("validation", _fold(job))
        step = self.calibration.training_step(job.settings, _shape(largest(self.geometries.split("train", _fold(job)))))
        shape = _shape(largest(validation))
        options = {"threads": training["threads"], "device": training["device"]}
        one = self.calibration.estimate(job.settings, shape, **options)
        slices = work.validations * sum(geometry.slices for geometry in validation)
        return Cost(work.steps * step + slices * one, CHECKPOINT_BYTES * needed.parameters)

    def _evaluate(self, job: Job) -> Cost:
        trained = self.plan.job("train", **job.wildcards)
        scoring = self._baseline(job)
        tested = self.geometries.split("test", _fold(job))
        options = {"threads": job.settings["threads"], "device": job.settings["device"]}
        one = self.calibration.estimate(trained.settings, _shape(largest(tested)), **options)
        count = sum(geometry.slices for geometry in tested)
        kept = sum(geometry.bytes for geometry in tested) * len(self.plan.study.test_sets)
        bytes_ = scoring.bytes + (kept if job.settings.get("save_estimates") else 0)
        return Cost(scoring.seconds + one * count * scored_sets(self.plan), bytes_)

    def _baseline(self, job: Job) -> Cost:
        tested = self.geometries.split("test", _fold(job))
        count = sum(geometry.slices for geometry in tested)
        one = self.calibration.score(job.settings["metrics"], _shape(largest(tested)))
        rows = count * len(self.plan.study.test_sets) * len(job.settings["metrics"])
        return Cost(one * count * scored_sets(self.plan), rows * BYTES_A_ROW)

    def _tabulate(self, job: Job) -> Cost:
        rows = score_rows(self.plan, self.geometries)
        return Cost(TABLE_SECONDS + rows / ROWS_A_SECOND, rows * BYTES_A_ROW)

    def _figure(self, job: Job) -> Cost:
        return Cost(
            FIGURE_SECONDS + score_rows(self.plan, self.geometries) / ROWS_A_SECOND, len(job.writes) * BYTES_A_PICTURE
        )


def _fold(job: Job) -> int:
    """The fold of a job; the first one where there are no folds."""
    return int(job.wildcards.get("fold", 0))


def _is_finished(job: Job) -> bool:
    """Whether the job's result is kept among the checkpoints, from where it is delivered."""
    return any((CHECKPOINTS / job.identity).glob("final-*"))


def peak(stages: Iterable[Stage]) -> int:
    """Memory of the largest job, MB."""
    return max(stage.memory_mb for stage in stages)


def _shape(geometry: Geometry) -> tuple[int, int, int]:
    return geometry.channels, geometry.height, geometry.width


def _heaviest(job: Job) -> str:
    """The module of a job that imports the most."""
    if job.stage in (*GPU_STAGES, "figure-panel") or "network" in job.reads:
        return "mrisr.training.stage"
    return "mrisr.statistics.tabulate" if not job.stage.startswith("figure-") else f"mrisr.figures.{job.stage[7:]}"
