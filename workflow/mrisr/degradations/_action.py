"""Degrade the slices of a subject by a method of this shelf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr.imaging.degrading import degrade_slices

from . import from_description


def run(reads: Mapping[str, str], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str) -> None:
    """Degrade a subject's slices, the action of the stage `degrade`.

    ``reads`` also has the files that earlier stages made for the degradation (kernels, a registered scan), each under
    the name of the option that takes it.
    """
    degradation = dict(settings["degradation"])
    made = {option: path for option, path in reads.items() if option != "slices"}
    degradation["options"] = {**degradation["options"], **made}
    operator = from_description(degradation, scale=settings["scale"], grid=settings["grid"])
    degrade_slices(reads["slices"], writes["slices"], operator=operator, identity=identity, **settings)
