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
from .state import Learner, State
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
        self._set_rates(step)
        self._seed(step)
        degraded, reference = (torch.from_numpy(images).to(self.device) for images in self.batches(state.epoch, step))
        estimate = state.model(degraded)
        # The losses are read later: reading them now would make the GPU wait.
        if state.discriminator is not None:
            state.losses[step, 1] = self._improve(
                state.discriminator, self.loss.discriminator_loss(estimate, reference)
            )
        state.losses[step, 0] = self._improve(state, self.loss(estimate, reference))

    def _improve(self, learner: State | Learner, loss: torch.Tensor) -> torch.Tensor:
        """Gradient and update. Returns the loss."""
        learner.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.settings.gradient_clipping is not None:
            torch.nn.utils.clip_grad_norm_(learner.model.parameters(), self.settings.gradient_clipping)
        learner.optimiser.step()
        return loss.detach()

    def _set_rates(self, step: int) -> None:
        """Set the rate of the network, and the discriminator's, which follows the same schedule from its own start."""
        rate, state = self._rate(step), self.state
        for group in state.optimiser.param_groups:
            group["lr"] = rate
        if state.discriminator is not None:
            start = self.loss.learning_rate or self.settings.learning_rate
            for group in state.discriminator.optimiser.param_groups:
                group["lr"] = rate * (start / self.settings.learning_rate)

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
        loss, *opponent = state.losses.double().mean(dim=0).tolist()
        rate, opponent = self._rate(state.step - 1), opponent or [math.nan]
        state.history.append((state.epoch + 1, state.steps_done, rate, loss, *measured, *opponent))
        if self.settings.keep == "best":
            state.keep_if_best(measured[0])
        if state.epoch + 1 in self.settings.keep_epochs:
            self._keep_epoch()
        state.epoch, state.step = state.epoch + 1, 0

    def _validate(self) -> tuple[float, float]:
        """Validation loss and PSNR; NaN if this epoch is not validated."""
        epoch = self.state.epoch + 1
        due = epoch == self.settings.epochs or epoch % self.settings.validate_every == 0
        if not (due and self.validation):
            return math.nan, math.nan
        loss = getattr(self.loss, "content_of", self.loss)
        measured = validate(self.state.model, loss, self.validation, device=self.device, stop=self.stop.reason)
        if measured is None:
            self._pause()
        return measured

    @torch.no_grad()
    def _keep_epoch(self) -> None:
        """Keep the weights after this epoch, and the estimate of the middle validation slice if there is one."""
        state, prefix = self.state, f"epoch{self.state.epoch + 1:06d}"
        state.kept |= {f"{prefix}/model/{name}": t.clone() for name, t in state.model.state_dict().items()}
        if self.validation:
            degraded = self.validation[len(self.validation) // 2].loaded().degraded
            state.model.eval()
            state.kept[f"{prefix}/estimate"] = state.model(torch.from_numpy(degraded)[None].to(self.device))[0]

    def _rate(self, step: int) -> float:
        settings = self.settings
        return learning_rate(
            settings.schedule,
            base=settings.learning_rate,
            epoch=self.state.epoch,
            epochs=settings.epochs,
            step=step,
            steps=self.batches.steps,
            halve_every=settings.halve_every,
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
            _, _, _, loss, _, psnr, _ = self.state.history[-1]
            note += f", last loss {loss:.3g}" + ("" if math.isnan(psnr) else f", validation PSNR {psnr:.2f} dB")
        self.report.update(self.state.steps_done, note)
