"""Degrade the slices of a subject in one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr import plugins
from mrisr.planning.job import Job
from mrisr.planning.methods import constant, described

from .stage import Asks, Stage, Takes

BYTES = 5
"""Bytes per pixel of all slices of a subject, which are collected before they are written."""
MEGABYTES = 200
"""Working memory of an operator, which degrades a stack in chunks."""
RATE = 2e5
"""Pixels degraded a second on a slow core."""
OF_A_NETWORK = "mrisr.learned.downsample"
"""The action if a downsampling network degrades the slices."""


class Degrade(Stage):
    """One job degrades the slices of one subject in one way."""

    NAME, RULE, VERB = "degrade", "degrade_slices", "degrade"
    ACTION = "mrisr.degradations._action"
    KEY = "x{scale}/{degradation}{fold_folder}/{subject}"
    FILES = {"slices": f"degraded/{KEY}.safetensors"}
    RECORD = f"degraded/{KEY}.run.json"
    INFLUENCE = ("subject",)
    NOMINAL_SECONDS = 3.0

    def job(self, scale: int, degradation: str, subject: str, fold: int | None = None) -> Job:
        """The job of a degradation that is no mixture. Mixtures have no job: they use the slices of their members."""
        names = {"scale": scale, "degradation": degradation, "subject": subject}
        method = self.study.degradations[degradation]
        sliced, known = self.jobs.job("slice", subject=subject), described("degradations", degradation, method)
        reads, needs = {"slices": sliced.writes["slices"]}, {"slices": sliced.identity}
        action, modules = self.ACTION, plugins.modules("degradations", known)
        for option, stage in (constant("degradations", degradation, method, "NEEDS") or {}).items():
            made = self._made_by(stage, names, fold)
            needs[option] = made.identity
            if made.stage == "network":
                reads["network"] = made.writes["weights"]
                action, modules = OF_A_NETWORK, [f"mrisr.kernels.{made.settings['architecture']['kind']}"]
            else:
                # The path is not part of the settings, so the job has the same identity in another study.
                reads[option] = made.writes[made.stage if made.stage in made.writes else "slices"]
        return self.make(
            {**names, "fold": fold},
            action=action,
            settings={"degradation": known, "scale": int(scale), "grid": self.study.protocol.grid},
            modules=modules,
            reads=reads,
            needs=needs,
        )

    def _made_by(self, stage: str, names: Mapping[str, Any], fold: int | None) -> Job:
        """The job whose result is an option of a degradation."""
        if names["degradation"] in self.study.estimated:
            method = self.study.estimated[names["degradation"]]
            return self.jobs.learned(method, names["scale"], names["subject"], fold)
        return self.jobs.job(stage, **names)

    def is_fold_specific(self, wildcards: Mapping[str, Any]) -> bool:
        """True for a downsampling network: each fold trains its own."""
        method = self.study.estimated.get(wildcards["degradation"])
        return bool(self.study.folds) and method is not None and self.study.gives(method) == "network"

    def published(self, job: Job) -> dict[str, str]:
        """Nothing: degraded slices are a volume."""
        return {}

    def asks(self, costs, subject: str) -> Asks:
        """Memory for all slices of the subject; time to degrade them on a slow core."""
        geometry = costs.geometries.of(subject)
        pixels = geometry.slices * geometry.pixels
        return Asks(costs.BASE_MB + MEGABYTES + pixels * BYTES / costs.MB, pixels / RATE / 60)

    def takes(self, costs, job: Job) -> Takes:
        """Time of all slices, from the measured time of one; disk space of the degraded slices."""
        geometry = costs.geometries.of(job.wildcards["subject"])
        smaller = job.settings["scale"] ** 2 if job.settings["grid"] == "low" else 1
        if job.action == OF_A_NETWORK:
            names = job.wildcards
            method = self.study.estimated[names["degradation"]]
            network = self.jobs.learned(method, names["scale"], names["subject"], names.get("fold"))
            seconds = costs.calibration.downsample(network.settings, geometry.shape)
        elif job.wildcards["degradation"] in self.study.scanned:
            seconds = 0.0
        else:
            seconds = costs.calibration.degrade(job.settings, geometry.shape)
        return Takes(geometry.slices * seconds, geometry.bytes / smaller)
