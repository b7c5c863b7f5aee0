"""Shared by the stages that run trained models as the section ``evaluation`` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .stage import Stage


class Estimating(Stage):
    """A stage whose job makes estimates with the threads and on the device of the section ``evaluation``."""

    SECTION = "evaluation"

    def threads(self, wildcards: Mapping[str, Any]) -> int:
        """The threads in the section ``evaluation``."""
        return self.study.evaluation.threads

    def device(self, wildcards: Mapping[str, Any]) -> str:
        """The device in the section ``evaluation``."""
        return self.study.evaluation.device

    def memory_of_estimates(self, costs: Any) -> float:
        """Memory for the largest network of the study and its estimate of a slice, in MB."""
        entries = dict.fromkeys((model["architecture"], model["scale"]) for model in self.jobs.models())
        largest = max(costs.network(*names).largest for names in entries)
        pixels = costs.largest([costs.geometries.of(subject) for subject in self.subjects.groups]).pixels
        cuda = 0 if costs.device(self.study.evaluation.device) == "cpu" else costs.CUDA_MB
        return costs.TORCH_MB + cuda + largest * costs.ESTIMATE_ARRAYS * pixels / costs.MB
