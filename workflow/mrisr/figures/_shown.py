"""What the pictures of single slices show: which slice, and what baselines make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mrisr import baselines
from mrisr.errors import InputError


def chosen_slice(indices: Iterable[int], settings: Mapping[str, Any]) -> int:
    """The slice that the study names, or the middle one of the test slices."""
    indices = sorted(indices)
    wanted = settings["slice"]
    if wanted is not None and wanted not in indices:
        allowed = ", ".join(map(str, indices))
        raise InputError(f"figures.panel_slice: {wanted} is no test slice of '{settings['subject']}' ({allowed})")
    return indices[len(indices) // 2] if wanted is None else wanted


def restored(settings: Mapping[str, Any], degraded: np.ndarray) -> dict[str, np.ndarray]:
    """What each of the baselines in the settings makes of a degraded slice [C, h, w], by name; in [0, 1]."""
    given = {"scale": settings["scale"], "grid": settings["grid"]}
    made = {name: baselines.build(m["kind"], **given, **m["options"]) for name, m in settings["baselines"].items()}
    return {name: np.clip(restore(degraded), 0, 1) for name, restore in made.items()}
