"""The result of a kernel estimation, and the interface that saves the state of an unfinished one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from mrisr.arrays import SavedState
from mrisr.errors import InputError

Status = Literal["estimated", "no structure", "diverged"]


class Keeper(Protocol):
    """Saves the states of unfinished work."""

    def latest(self) -> SavedState | None:
        """The state to continue from; None if there is none."""

    def after(self, steps: int, state: Callable[[], SavedState]) -> None:
        """Called after every step, when ``steps`` are done. May save ``state()``; may raise to stop the work."""


@dataclass(frozen=True)
class Estimation:
    """Kernels of n slices, and how the estimation of each went.

    Attributes
    ----------
    slice_ids : list of str
    kernels : ndarray
        float32 [n, k, k], each of sum 1; NaN where the status is not ``estimated``.
    status : list of str
        ``estimated``; ``no structure``: a constant image, nothing to learn from; ``diverged``: every attempt failed.
    failures : list of list of str
        Why each failed attempt failed. The next attempt had other random numbers.
    losses : mapping
        {name: float32 [n, samples]}: losses of the last attempt, sampled evenly; NaN where there was none.
    """

    slice_ids: list[str]
    kernels: np.ndarray
    status: list[Status]
    failures: list[list[str]]
    losses: Mapping[str, np.ndarray]

    @property
    def attempts(self) -> list[int]:
        """How often each slice was tried."""
        return [len(f) + (s == "estimated") for f, s in zip(self.failures, self.status, strict=True)]

    def require_all(self) -> None:
        """Raise an `InputError` that names each slice without a kernel and says why."""
        problems = []
        for slice_id, status, failures in zip(self.slice_ids, self.status, self.failures, strict=True):
            if status == "no structure":
                problems.append(f"slice '{slice_id}': has no structure, so no kernel can be learned; leave it out")
            elif status == "diverged":
                seen = "; ".join(dict.fromkeys(failures))
                problems.append(
                    f"slice '{slice_id}': no kernel after {len(failures)} attempts ({seen}); leave it out, denoise the "
                    "low-resolution scan, or check that both scans show the same"
                )
        if problems:
            raise InputError(*problems)
