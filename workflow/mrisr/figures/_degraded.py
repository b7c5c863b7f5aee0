"""Reads one training slice and its degraded versions, for the figures that lay them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mrisr.arrays import Cache, load_slices, stored_slices

from ._shown import chosen_slice
from ._test_slices import View


def degraded_slice(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], float]:
    """The chosen slice, ``original`` first, and under each degradation, oriented; and the aspect of its pixels."""
    index = chosen_slice(stored_slices(reads["slices"], Cache(0)), settings)
    view = View.of(reads["slices"])
    files = {"original": reads["slices"], **reads["degraded"]}
    return {name: view(load_slices(path, [index])[0][index]) for name, path in files.items()}, view.aspect
