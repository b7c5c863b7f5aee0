"""Shared by the stages that learn the degradation from low-resolution scans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr.errors import InputError
from mrisr.study.config import StudyConfig

KERNELS = "x{scale}/{method}/{degradation}/seed{kernel_seed}"
"""The wildcards that name the result of a method, as a path."""


def require_learning(study: StudyConfig, names: Mapping[str, Any], wanted: str) -> None:
    """Raise `InputError` unless the study has this method with its source and a seed, and it gives ``wanted``.

    ``wanted`` is ``kernels`` or ``network``.
    """
    method = names["method"]
    if study.gives(method) != wanted:
        right = "estimates kernels slice by slice: name a subject" if wanted == "network" else "learns one network"
        raise InputError(f"kernels: '{method}' {right}" + ("" if wanted == "network" else " for all: name no subject"))
    chosen = study.kernels[method]
    allowed = {"degradation": [chosen.source], "kernel_seed": [chosen.seed, *chosen.further_seeds]}
    for key, values in allowed.items():
        if str(names[key]) not in map(str, values):
            known = " and ".join(map(str, values))
            raise InputError(f"the study '{study.study}' has no {method} of {key} {names[key]}, but of {known}")
