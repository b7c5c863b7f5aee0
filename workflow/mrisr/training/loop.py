"""The training loop: steps, epochs, checkpoints, stopping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import torch

from mrisr.meter import ProgressMeter
from mrisr.pairs import Pair

from .checkpoints import Checkpoints
from .interruption import Interrupted, Stop
from .reversal import ReversedBatches
from .sampling import Patches, WholeSlices, step_seed
from .schedules import learning_rate
from .settings import Settings
from .state import State
from .validate import validate


@dataclass
class Loop:
    """Trains in one process: takes ``state`` to the last epoch, or raises `Interrupted`."""

    state: State
    batches: WholeSlices | Patches | ReversedBatches
    loss: torch.nn.Module
    validation: Sequence[Pair]
    settings: Settings
    seed: int
    device: torch.device
    store: Checkpoints
    stop: Stop
    report: ProgressMeter | None = None

    def run(self) -> None:
        """Run all remaining epochs."""
        while self.state.epoch < self.settings.epochs:
            self._epoch()

    def _epoch(self) -> None:
        """Run the remaining steps of an epoch, then its validation."""
        state = self.state
        state.model.train()
        for step in range(state.step, self.batches.steps):
            self._step(step)
            state.step, self.stop.worked = step + 1, True
            self._tell()
            if self.stop.reason():
                self._pause()
            if state.steps_done % self.settings.checkpoint_every == 0:
                self._save()
        self._close_epoch()

    def _step(self, step: int) -> None:
        """One batch: rate, estimate, loss, gradient, update."""
        state = self.state
        for group in state.optimiser.param_groups:
            group["lr"] = self._rate(step)
        self._seed(step)
        degraded, reference = (torch.from_numpy(images).to(self.device) for images in self.batches(state.epoch, step))
        state.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(state.model(degraded), reference)
        loss.backward()
        state.optimiser.step()
        # The loss is read later: reading it now would make the GPU wait.
        state.losses[step] = loss.detach()

    def _seed(self, step: int) -> None:
        """Seed the network's own randomness; `torch.manual_seed` would cost a millisecond here."""
        seed = step_seed(self.seed, self.state.epoch, step)
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def _close_epoch(self) -> None:
        """Validate, write the row of the history, keep the weights if they are the best."""
        state = self.state
        state.require_finite()
        measured = self._validate()
        rate, loss = self._rate(state.step - 1), state.losses.double().mean().item()
        state.history.append((state.epoch + 1, state.steps_done, rate, loss, *measured))
        if self.settings.keep == "best":
            state.keep_if_best(measured[0])
        state.epoch, state.step = state.epoch + 1, 0

    def _validate(self) -> tuple[float, float]:
        """Validation loss and PSNR; NaN if this epoch is not validated."""
        epoch = self.state.epoch + 1
        due = epoch == self.settings.epochs or epoch % self.settings.validate_every == 0
        if not (due and self.validation):
            return math.nan, math.nan
        measured = validate(self.state.model, self.loss, self.validation, device=self.device, stop=self.stop.reason)
        if measured is None:
            self._pause()
        return measured

    def _rate(self, step: int) -> float:
        settings = self.settings
        return learning_rate(
            settings.schedule,
            base=settings.learning_rate,
            epoch=self.state.epoch,
            epochs=settings.epochs,
            step=step,
            steps=self.batches.steps,
        )

    def _save(self) -> bool:
        """Write a checkpoint. A training that diverged raises an error instead."""
        self.state.require_finite()
        return self.store.save(self.state.steps_done, *self.state.pack())

    def _pause(self) -> NoReturn:
        kept = self._save()
        where = f"epoch {self.state.epoch + 1}, step {self.state.step} of {self.batches.steps}"
        outlook = "its state is kept, run again to go on" if kept else "its state could not be kept"
        raise Interrupted(
            f"training stopped at {where}: {self.stop.reason()}; {outlook}", again=kept and self.stop.signal is None
        )

    def _tell(self) -> None:
        if self.report is None:
            return
        note = f"epoch {self.state.epoch + 1} of {self.settings.epochs}"
        if self.state.history:
            _, _, _, loss, _, psnr = self.state.history[-1]
            note += f", last loss {loss:.3g}" + ("" if math.isnan(psnr) else f", validation PSNR {psnr:.2f} dB")
        self.report.update(self.state.steps_done, note)
