"""Trains one network. The same inputs give exactly the same weights, however often the training is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel

from mrisr import losses
from mrisr.errors import InputError
from mrisr.meter import ProgressMeter
from mrisr.pairs import Pair

from .beginning import begin, load_initial
from .checkpoints import Checkpoints
from .execution import execution
from .interruption import Stop, stop_requests
from .loop import Loop
from .reversal import ReversedBatches, reversed_pair
from .sampling import Patches, WholeSlices, require_consistent
from .settings import Settings
from .state import Packed, State, history_array, history_rows, history_table
from .weights import build_model


@dataclass(frozen=True)
class Trained:
    """Weights of the finished network (its state dict), its history with one row per epoch, and the kind of device.

    ``kept`` holds what the named epochs left: ``epoch000010/model/<name>`` and ``epoch000010/estimate`` [C, H, W].
    """

    state: dict[str, np.ndarray]
    history: pd.DataFrame
    device: str
    kept: dict[str, np.ndarray]


class Finished(BaseModel):
    """The metadata of a finished training."""

    device: str


def train(
    *,
    architecture: Mapping[str, Any],
    loss: Mapping[str, Any],
    scale: int,
    pairs: Sequence[Pair],
    validation: Sequence[Pair] = (),
    training: Mapping[str, Any],
    seed: int,
    initial: Path | None = None,
    checkpoints: Path | None = None,
    identity: str = "training",
    deadline: float | None = None,
    progress: Callable[[int, int], ProgressMeter] | None = None,
) -> Trained:
    """Train a network, or continue where an earlier call for the same identity stopped.

    Parameters
    ----------
    architecture, loss : mapping
        ``{"kind": plug-in, "options": {option: value}}``. An architecture with ``"shelf": "kernels"`` downsamples: it
        learns to make the degraded slice from the reference.
    scale : int
        Factor between degraded and reference slices; 1 on the same grid.
    pairs, validation : sequence of Pair
        Slices to learn from, and slices to validate on after an epoch.
    training : mapping
        The fields of `Settings`.
    seed : int
        Determines initial weights, order, patches and augmentation.
    initial : Path, optional
        Weights of a network of this architecture, from which the training starts.
    checkpoints : Path, optional
        Folder whose subfolder ``<identity>/`` holds the states. With None nothing is written.
    identity : str
        Digest of everything that determines the result. If its training is finished, the result is read from disk.
    deadline : float, optional
        Value of `time.monotonic` at which to write a checkpoint and stop.
    progress : callable, optional
        Called once as ``progress(total, done)`` in steps. It returns a progress meter, updated after each step.

    Raises
    ------
    InputError
        Options or slices are wrong, there are too few cores or no such device, or the loss became NaN or infinite.
    Interrupted
        On SIGINT, SIGTERM, SIGUSR1 or at the deadline, after writing a checkpoint.
    """
    settings = Settings.read(training)
    task = _Task(architecture, loss, scale, pairs, validation, settings, seed, initial)
    task.require_slices()
    store = Checkpoints(checkpoints / identity if checkpoints else None, step=Packed, final=Finished)
    if (finished := store.final()) is None:
        environment = execution(threads=settings.threads, device=settings.device, deterministic=settings.deterministic)
        with environment as device, stop_requests(deadline) as stop:
            state = task.learn(store, device, stop, progress)
            finished = _result(state), {"device": device.type}
            store.save_final(*finished)
    return _trained(*finished)


@dataclass(frozen=True)
class _Task:
    """What one training learns, and from which slices."""

    architecture: Mapping[str, Any]
    loss: Mapping[str, Any]
    scale: int
    pairs: Sequence[Pair]
    validation: Sequence[Pair]
    settings: Settings
    seed: int
    initial: Path | None

    def require_slices(self) -> None:
        """Raise `InputError` unless there are slices, and they are consistent."""
        if not self.pairs:
            raise InputError("there are no training slices; check the manifest's split and the study's slices")
        if self.settings.keep == "best" and not self.validation:
            raise InputError("training.keep: 'best' needs validation slices, and there are none")
        require_consistent([*self.pairs, *self.validation], self.scale)

    def learn(
        self,
        store: Checkpoints,
        device: torch.device,
        stop: Stop,
        progress: Callable[[int, int], ProgressMeter] | None,
    ) -> State:
        """Train to the end, from the newest checkpoint if there is one."""
        settings, validation = self.settings, self.validation
        batches = _batches(self.pairs, self.scale, settings, self.seed)
        if self.architecture.get("shelf") == "kernels":
            batches, validation = ReversedBatches(batches), [reversed_pair(pair) for pair in validation]
        model, objective = (module.to(device) for module in self._modules())
        state = begin(model, objective, batches.steps, settings, device)
        if (unfinished := store.latest()) is not None:
            state.unpack(*unfinished)
        report = progress(settings.epochs * batches.steps, state.steps_done) if progress else None
        Loop(state, batches, objective, validation, settings, self.seed, device, store, stop, report).run()
        return state

    def _modules(self) -> tuple[torch.nn.Module, torch.nn.Module]:
        """The network and the loss, both on the CPU."""
        # The weights are drawn on the CPU, so they are the same for every device.
        torch.manual_seed(self.seed)
        channels = self.pairs[0].degraded.shape[0]
        model = build_model(self.architecture, scale=self.scale, channels=channels)
        if self.initial is not None:
            load_initial(model, self.initial)
        objective = losses.from_description(self.loss, channels=channels)
        return model, objective.to(memory_format=torch.channels_last)


def _batches(pairs: Sequence[Pair], scale: int, settings: Settings, seed: int) -> WholeSlices | Patches:
    options = {
        "batch": settings.batch,
        "steps_per_epoch": settings.steps_per_epoch,
        "flips": settings.flips,
        "quarter_turns": settings.quarter_turns,
        "seed": seed,
    }
    if settings.patch is None:
        return WholeSlices(pairs, **options)
    return Patches(pairs, scale=scale, patch=settings.patch, eighth_turns=settings.eighth_turns, **options)


def _result(state: State) -> dict[str, np.ndarray]:
    weights = state.best or state.model.state_dict()
    tensors = {f"model/{name}": tensor.cpu().numpy() for name, tensor in weights.items()}
    tensors |= {f"kept/{name}": tensor.cpu().numpy() for name, tensor in state.kept.items()}
    return tensors | {"history": history_array(state.history)}


def _trained(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Trained:
    state, kept = (
        {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}
        for prefix in ("model/", "kept/")
    )
    try:
        return Trained(state, history_table(history_rows(tensors)), metadata["device"], kept)
    except ValueError as error:
        raise InputError(f"the finished training is not one of this program; remove its folder ({error})") from error
