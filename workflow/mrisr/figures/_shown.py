"""Chooses the slice that the pictures show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mrisr.errors import InputError


def chosen_slice(indices: Iterable[int], settings: Mapping[str, Any]) -> int:
    """The slice that the study names, or the middle one of the test slices."""
    indices = sorted(indices)
    wanted = settings["slice"]
    if wanted is not None and wanted not in indices:
        allowed = ", ".join(map(str, indices))
        raise InputError(f"figures.panel_slice: {wanted} is no test slice of '{settings['subject']}' ({allowed})")
    return indices[len(indices) // 2] if wanted is None else wanted
