"""Estimates the kernels of many slices, batch after batch. Failed slices are retried with other random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from mrisr.arrays import SavedState
from mrisr.errors import InputError
from mrisr.imaging.estimation import Estimation, Keeper
from mrisr.imaging.kernel import SIZE
from mrisr.meter import ProgressMeter

from ._batches import places
from ._faults import fault
from ._gans import LOSSES, GANOptions, GANs
from ._slices import Slice

SAMPLED_EVERY = 50
"""Number of iterations between two recorded losses."""


class Work:
    """An estimation in progress: kernels that are done, and slices that are waiting.

    Parameters
    ----------
    slices : sequence of Slice
    settings : GANOptions
    attempts : int
        How often a slice is tried before it counts as diverged.
    batch : int
        Slices that train at once; on a CPU kernels do not depend on it.
    finish : callable
        Turns a trained kernel [13, 13], float64, into the final one.
    device : torch.device
    """

    def __init__(
        self,
        slices: Sequence[Slice],
        *,
        settings: GANOptions,
        attempts: int,
        batch: int,
        finish: Callable[[np.ndarray], np.ndarray],
        device: torch.device,
    ):
        self.slices, self.settings = slices, settings
        self.attempts, self.batch, self.finish, self.device = attempts, batch, finish, device
        self.kernels = np.full((len(slices), SIZE, SIZE), np.nan, np.float32)
        samples = -(-settings.iterations // SAMPLED_EVERY)
        self.losses = np.full((len(slices), samples, len(LOSSES)), np.nan, np.float32)
        self.failures: list[list[str]] = [[] for _ in slices]
        self.structured = [s.structured for s in slices]
        self.waiting = [index for index, structured in enumerate(self.structured) if structured]
        self.present: list[int] = []
        self.iteration = self.steps = 0

    def run(self, progress: Callable[[int, int], ProgressMeter] | None, keeper: Keeper | None) -> Estimation:
        """Do all remaining work and return the result."""
        gans = self._restore(keeper.latest() if keeper else None)
        report = progress(self._total(), self._done()) if progress else None
        while self.waiting or self.present:
            gans = gans or self._next_batch()
            while self.iteration < self.settings.iterations:
                self._step(gans)
                if report:
                    report.update(self._done(), self._note())
                if keeper:
                    keeper.after(self.steps, lambda gans=gans: self._state(gans))
            self._judge(gans)
            gans = None
        if report:
            report.update(self._total(), self._note())
        return self._estimation()

    def _next_batch(self) -> GANs:
        self.present, self.waiting = self.waiting[: self.batch], self.waiting[self.batch :]
        self.iteration = 0
        return self._gans()

    def _gans(self) -> GANs:
        """GANs for the slices of the present batch, each with the random numbers of its next attempt."""
        slices = [replace(self.slices[index], attempt=len(self.failures[index])) for index in self.present]
        filled = [slices[place] for place in places(len(slices), self.batch, self.device)]
        return GANs(filled, self.settings, self.device)

    def _step(self, gans: GANs) -> None:
        losses = gans.step(self.iteration)
        if self.iteration % SAMPLED_EVERY == 0:
            self.losses[self.present, self.iteration // SAMPLED_EVERY] = losses[: len(self.present)].cpu().numpy()
        self.iteration += 1
        self.steps += 1

    def _judge(self, gans: GANs) -> None:
        """Accept the valid kernels of the present batch; requeue failed slices with attempts left."""
        kernels = gans.kernels[: len(self.present)].detach().cpu().numpy().astype(np.float64)
        for index, kernel in zip(self.present, kernels, strict=True):
            if (problem := fault(kernel)) is None:
                self.kernels[index] = self.finish(kernel)
            else:
                self.failures[index].append(problem)
                if len(self.failures[index]) < self.attempts:
                    self.waiting.append(index)
        self.present = []

    def _total(self) -> int:
        return self.settings.iterations * sum(self.structured)

    def _done(self) -> int:
        """Finished iterations of single slices. Iterations of a failed attempt do not count."""
        unfinished = len(self.waiting) + len(self.present)
        return self._total() - self.settings.iterations * unfinished + self.iteration * len(self.present)

    def _note(self) -> str:
        failed = sum(map(len, self.failures))
        return f"{failed} failed attempts" if failed else ""

    def _estimation(self) -> Estimation:
        found = np.isfinite(self.kernels).all((1, 2))
        status = [
            "no structure" if not structured else "estimated" if ok else "diverged"
            for structured, ok in zip(self.structured, found, strict=True)
        ]
        losses = {name: self.losses[..., position] for position, name in enumerate(LOSSES)}
        return Estimation([s.slice_id for s in self.slices], self.kernels, status, self.failures, losses)

    def _state(self, gans: GANs) -> SavedState:
        tensors = {f"gans/{name}": tensor.detach().cpu().numpy() for name, tensor in gans.state().items()}
        metadata = {
            "failures": self.failures,
            "waiting": self.waiting,
            "present": self.present,
            "iteration": self.iteration,
            "steps": self.steps,
        }
        return tensors | {"kernels": self.kernels, "losses": self.losses}, metadata

    def _restore(self, state: SavedState | None) -> GANs | None:
        """Continue from a state. Returns the GANs of its batch, None if there is no state."""
        if state is None:
            return None
        try:
            return self._unpacked(*state)
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"the checkpoint belongs to another estimation; remove its folder ({reason})") from error

    def _unpacked(self, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> GANs:
        for name, expected in (("kernels", self.kernels), ("losses", self.losses)):
            if tensors[name].shape != expected.shape:
                raise ValueError(f"{name} {tensors[name].shape}, not {expected.shape}")
        if len(metadata["failures"]) != len(self.slices):
            raise ValueError(f"{len(metadata['failures'])} slices, not {len(self.slices)}")
        self.kernels, self.losses = np.array(tensors["kernels"]), np.array(tensors["losses"])
        self.failures, self.waiting, self.present = (metadata[key] for key in ("failures", "waiting", "present"))
        self.iteration, self.steps = metadata["iteration"], metadata["steps"]
        gans = self._gans()
        gans.restore(
            {name.removeprefix("gans/"): torch.tensor(t) for name, t in tensors.items() if name.startswith("gans/")}
        )
        return gans
