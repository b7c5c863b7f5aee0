"""Shared by the stages that learn the degradation from low-resolution scans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr.errors import InputError
from mrisr.study.config import StudyConfig

KERNELS = "x{scale}/{method}/{degradation}/seed{kernel_seed}"
"""The wildcards that name the result of a method, as a path."""


def require_learning(study: StudyConfig, names: Mapping[str, Any], wanted: str) -> None:
    """Raise `InputError` unless the study has this method with its source and seed, and it gives ``wanted``.

    ``wanted`` is ``kernels`` or ``network``.
    """
    method = names["method"]
    if study.gives(method) != wanted:
        right = "estimates kernels slice by slice: name a subject" if wanted == "network" else "learns one network"
        raise InputError(f"kernels: '{method}' {right}" + ("" if wanted == "network" else " for all: name no subject"))
    expected = study.learning(method, names["scale"])
    for key in ("degradation", "kernel_seed"):
        if str(names[key]) != str(expected[key]):
            raise InputError(f"the study '{study.study}' has no {method} of {key} {names[key]}, but of {expected[key]}")
