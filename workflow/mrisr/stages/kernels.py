"""Estimate a kernel for each slice of a subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr.planning.job import Job
from mrisr.planning.methods import described

from .learning import KERNELS, require_learning
from .stage import Asks, Stage, Takes, is_finished

MEGABYTES = 600
"""A batch of estimations on the CPU."""
ITERATIONS, RATE, CUDA_RATE = 3000, 30, 2000
"""Iterations of a slice's estimation, and how many of them a second a slow core, and a small GPU, make."""
BYTES = 2000
"""A kernel with its line in the table."""


class EstimateKernels(Stage):
    """One job is one subject; it keeps its state when it is stopped."""

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
            settings={"method": method, "scale": scale, "seed": chosen.seed, "threads": chosen.threads},
            modules=(f"mrisr.kernels.{method['kind']}",),
            reads={"references": sliced.writes["slices"], "degraded": degraded.writes["slices"]},
            needs={"degraded": degraded.identity},
            context={"execution": told},
        )

    def threads(self, wildcards: Mapping[str, Any]) -> int:
        """As the method says."""
        return self.study.kernels[wildcards["method"]].threads

    def device(self, wildcards: Mapping[str, Any]) -> str:
        """As the method's options say."""
        return self.study.kernels[wildcards["method"]].options.get("device", "auto")

    def asks(self, costs, subject: str, method: str) -> Asks:
        """A batch of slices; what can go on in another job need not be done in one."""
        geometry, options = costs.geometries.of(subject), self.study.kernels[method].options
        on_gpu = costs.device(self.device({"method": method})) != "cpu"
        steps = geometry.slices * options.get("iterations", ITERATIONS)
        memory = costs.TORCH_MB + MEGABYTES + 2 * geometry.bytes / costs.MB + costs.CUDA_MB * on_gpu
        return Asks(memory, costs.limited(steps / (CUDA_RATE if on_gpu else RATE) / 60))

    def takes(self, costs, job: Job) -> Takes:
        """As many iterations as the options say, each as long as it took here."""
        geometry = costs.geometries.of(job.wildcards["subject"])
        size = BYTES * geometry.slices
        if is_finished(job, costs.checkpoints):
            return Takes(0.0, size)
        method = dict(job.settings["method"], options={**job.settings["method"]["options"], **job.context["execution"]})
        shape = (*geometry.shape[1:], job.settings["scale"])
        one = costs.calibration.kernel_iteration(method, shape, geometry.slices)
        return Takes(one * method["options"].get("iterations", 1) * geometry.slices, size)
