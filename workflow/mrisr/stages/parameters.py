"""Measure the networks of the study: their size, and the time of an estimate on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr import plugins
from mrisr.planning.job import Job
from mrisr.planning.methods import constant, described

from .estimating import Estimating
from .stage import Asks, Takes

SECONDS = 10.0
"""Time of a network of the papers."""
SLOW_SECONDS = 200.0
"""Time of a large network on a slow core."""
MEGABYTES = 500
"""Working memory while a receptive field is measured."""


class Parameters(Estimating):
    """One job measures all networks. A study asks for it by ``evaluation.networks``."""

    NAME, RULE, VERB = "parameters", "measure_networks", "parameters"
    ACTION = "mrisr.evaluation.networks"
    FILES = {"parameters": "tables/parameters.csv", "timings": "timings/networks.csv"}
    RECORD = "parameters.run.json"
    DISTRIBUTIONS = ("pandas",)
    DOING = "measuring networks"
    NOMINAL_SECONDS = 40.0

    def job(self) -> Job:
        """The job of the study."""
        networks = list(self._networks().values())
        subject = next(iter(self.subjects.groups))
        sliced = self.jobs.job("slice", subject=subject)
        return self.make(
            {},
            settings={"networks": networks, "threads": self.study.evaluation.threads},
            modules=(
                *sorted({f"mrisr.models.{entry['network']['kind']}" for entry in networks}),
                *sorted({f"mrisr.discriminators.{kind}" for entry in networks for kind in _judges(entry)}),
            ),
            reads={"slices": sliced.writes["slices"]},
            needs={"slices": sliced.identity},
            context={"device": self.study.evaluation.device},
        )

    def _networks(self) -> dict[tuple[int, str], dict[str, Any]]:
        """What the action reads of each network, by scale and architecture."""
        found: dict[tuple[int, str], dict[str, Any]] = {}
        for model in self.jobs.models():
            scale, name, loss = (model[key] for key in ("scale", "architecture", "loss"))
            network = {"network": self.study.architecture(name), "network_scale": self.study.model_scale(scale)}
            entry = found.setdefault((scale, name), {"scale": scale, "architecture": name, **network, "models": {}})
            entry["models"][loss] = self._discriminator(loss)
        return found

    def _discriminator(self, loss: str) -> dict[str, Any] | None:
        """The discriminator that is trained beside a network, if its loss has one."""
        method = self.study.losses[loss]
        if not constant("losses", loss, method, "IS_ADVERSARIAL"):
            return None
        kind, options = plugins.kind_and_options(described("losses", loss, method)["options"]["discriminator"])
        return {"kind": kind, "options": options}

    def targets(self) -> list[dict[str, Any]]:
        """One job if the study asks for it."""
        return [{}] if self.study.evaluation.networks else []

    def asks(self, costs: Any) -> Asks:
        """Memory for the largest network and an estimate of a slice; time for all networks."""
        entries = [(model["architecture"], model["scale"]) for model in self.jobs.models()]
        networks = [costs.network(*names) for names in dict.fromkeys(entries)]
        pixels = costs.geometries.of(next(iter(self.subjects.groups))).pixels
        estimate = max(network.largest for network in networks) * costs.ESTIMATE_ARRAYS * pixels
        weights = max(network.parameters for network in networks) * 20
        cuda = 0 if costs.device(self.study.evaluation.device) == "cpu" else costs.CUDA_MB
        memory = costs.TORCH_MB + MEGABYTES + cuda + (estimate + weights) / costs.MB
        return Asks(memory, len(networks) * SLOW_SECONDS / 60)

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time for all networks; disk space of the tables."""
        count = len(job.settings["networks"])
        return Takes(SECONDS * count, 2 * costs.BYTES_A_ROW * count)


def _judges(entry: Mapping[str, Any]) -> set[str]:
    return {discriminator["kind"] for discriminator in entry["models"].values() if discriminator}
