"""Estimate a kernel for each slice of a subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mrisr import plugins
from mrisr.planning.job import Job
from mrisr.planning.methods import described

from .learning import KERNELS, require_learning
from .limits import length_limit, slice_limit
from .stage import Asks, Stage, Takes, is_finished

MEGABYTES = 600
"""Memory of a batch of estimations on the CPU."""
ITERATIONS, RATE, CUDA_RATE = 3000, 30, 2000
"""Iterations of one slice's estimation, and iterations per second on a slow core and on a small GPU."""
BYTES = 2000
"""Disk space of a kernel and its line in the table."""


class EstimateKernels(Stage):
    """One job estimates the kernels of one subject. It keeps its state when it is stopped."""

    NAME, RULE, VERB = "kernels", "estimate_kernels", "kernels"
    ACTION = "mrisr.learned.estimate"
    KEY = f"{KERNELS}/{{subject}}"
    FILES = {"kernels": f"kernels/{KEY}.safetensors", "table": f"kernels/{KEY}.csv"}
    RECORD = f"kernels/{KEY}.run.json"
    INFLUENCE = ("subject", "method")
    SECTION = "kernels.<method>"
    RESUMABLE, DOING = True, "estimating"
    NOMINAL_SECONDS = 60.0
    UNHASHED = ("batch", "device")
    """Options of a method that change no kernel."""

    def job(self, subject: str, **names: Any) -> Job:
        """The job of a method of the section ``kernels`` that gives kernels."""
        require_learning(self.study, names, "kernels")
        chosen = self.study.kernels[names["method"]]
        scale, names = int(names["scale"]), {**names, "subject": subject}
        sliced = self.jobs.job("slice", subject=subject)
        degraded = self.jobs.job("degrade", scale=scale, degradation=chosen.source, subject=subject)
        method = described("kernels", names["method"], chosen)
        told = {name: method["options"].pop(name) for name in self.UNHASHED if name in method["options"]}
        return self.make(
            names,
            settings={"method": method, "scale": scale, "seed": int(names["kernel_seed"]), "threads": chosen.threads},
            modules=(f"mrisr.kernels.{method['kind']}",),
            reads={"references": sliced.writes["slices"], "degraded": degraded.writes["slices"]},
            needs={"degraded": degraded.identity},
            context={"execution": told},
        )

    def threads(self, wildcards: Mapping[str, Any]) -> int:
        """The threads that the study gives the method."""
        return self.study.kernels[wildcards["method"]].threads

    def device(self, wildcards: Mapping[str, Any]) -> str:
        """The method's option ``device``."""
        return self.study.kernels[wildcards["method"]].options.get("device", "auto")

    def asks(self, costs, subject: str, method: str) -> Asks:
        """Memory for a batch of slices. The time is limited, because another job can continue the estimation."""
        geometry, options = costs.geometries.of(subject), self.study.kernels[method].options
        on_gpu = costs.device(self.device({"method": method})) != "cpu"
        steps = geometry.slices * options.get("iterations", ITERATIONS)
        memory = costs.TORCH_MB + MEGABYTES + 2 * geometry.bytes / costs.MB + costs.CUDA_MB * on_gpu
        return Asks(memory, costs.limited(steps / (CUDA_RATE if on_gpu else RATE) / 60))

    def limits(self, costs, memory: float, jobs: Sequence[Job]) -> Iterable[str]:
        """Slices that are too small for a method, and the number of iterations."""
        for method in dict.fromkeys(job.wildcards["method"] for job in jobs):
            chosen = self.study.kernels[method]
            least = plugins.constant("kernels", chosen.kind or method, "LEAST_SIDE")
            subjects = dict.fromkeys(job.wildcards["subject"] for job in jobs if job.wildcards["method"] == method)
            geometries = {subject: costs.geometries.of(subject) for subject in subjects}
            yield from slice_limit(f"kernels.{method}", "a crop", least, geometries)
            count = chosen.options.get("iterations", 0)
            yield from length_limit(f"kernels.{method}.iterations", f"these are {count:.3g} steps", count)

    def takes(self, costs, job: Job) -> Takes:
        """Time of all iterations, from the measured time of one; disk space of the kernels."""
        geometry = costs.geometries.of(job.wildcards["subject"])
        size = BYTES * geometry.slices
        if is_finished(job, costs.checkpoints):
            return Takes(0.0, size)
        method = dict(job.settings["method"], options={**job.settings["method"]["options"], **job.context["execution"]})
        shape = (*geometry.shape[1:], job.settings["scale"])
        one = costs.calibration.kernel_iteration(method, shape, geometry.slices)
        return Takes(one * method["options"].get("iterations", 1) * geometry.slices, size)
