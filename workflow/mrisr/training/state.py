"""The state of a training as tensors, which can be written and read back exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel, Field

from mrisr.errors import InputError

HISTORY = ("epoch", "step", "learning_rate", "loss", "validation_loss", "validation_psnr", "discriminator_loss")
"""Columns of the history, which has one row per epoch: epochs and steps done, rate of the last step, means over the
epoch's steps and over the validation slices (blank if the epoch was not validated), and the discriminator's mean loss
(blank if there is none)."""


Count = Annotated[int, Field(ge=0, lt=2**53)]


class Packed(BaseModel):
    """The metadata of a checkpoint."""

    epoch: Count
    step: Count
    best_loss: Annotated[str, Field(pattern=r"^(inf|-?[0-9.]+(e[+-]?[0-9]+)?)$")]
    scalars: dict[str, int | float | bool | None]
    zero_dimensional: list[str]


@dataclass
class Learner:
    """A network that is trained, and its optimiser."""

    model: torch.nn.Module
    optimiser: torch.optim.Optimizer


@dataclass
class State:
    """A training between two steps.

    ``epoch`` counts finished epochs, ``step`` the steps done in the current one. ``losses`` holds the losses of each
    step of the current epoch: the network's [steps, 1], or also the discriminator's [steps, 2]. ``best`` is the state
    dict with the lowest validation loss so far, if the best is to be kept; ``kept`` holds what the named epochs left.
    """

    model: torch.nn.Module
    optimiser: torch.optim.Optimizer
    losses: torch.Tensor
    discriminator: Learner | None = None
    epoch: int = 0
    step: int = 0
    history: list[tuple[float, ...]] = field(default_factory=list)
    best: dict[str, torch.Tensor] | None = None
    best_loss: float = float("inf")
    kept: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def steps_done(self) -> int:
        """Steps since the beginning."""
        return self.epoch * len(self.losses) + self.step

    def keep_if_best(self, loss: float) -> None:
        """Remember the weights if their validation loss is the lowest so far. Of equal losses the first counts."""
        if loss < self.best_loss:
            self.best_loss = loss
            self.best = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}

    def require_finite(self) -> None:
        """Raise `InputError` naming the first step of this epoch whose loss is not a number."""
        wrong = (~torch.isfinite(self.losses[: self.step])).nonzero()
        if len(wrong):
            step, which = wrong[0].tolist()
            loss, rate = self.losses[step, which].item(), self.optimiser.param_groups[0]["lr"]
            raise InputError(
                f"training diverged: the loss is {loss} at epoch {self.epoch + 1}, step {step + 1}; "
                f"try a training.learning_rate below {rate:.3g}, and check that the images are in [0, 1]"
            )

    def pack(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Tensors and metadata of a checkpoint."""
        tensors = {f"best/{name}": tensor for name, tensor in (self.best or {}).items()}
        tensors |= {f"kept/{name}": tensor for name, tensor in self.kept.items()}
        scalars: dict[str, Any] = {}
        for prefix, learner in self._learners():
            tensors |= {f"{prefix}model/{name}": tensor for name, tensor in learner.model.state_dict().items()}
            for parameter, values in learner.optimiser.state_dict()["state"].items():
                for name, value in values.items():
                    place = tensors if isinstance(value, torch.Tensor) else scalars
                    place[f"{prefix}optimiser/{parameter}/{name}"] = value
        arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        arrays["losses"] = self.losses[: self.step].cpu().numpy()
        arrays["history"] = history_array(self.history)
        metadata = {
            "epoch": self.epoch,
            "step": self.step,
            "best_loss": repr(self.best_loss),
            "scalars": scalars,
            # Files hold scalars as arrays with one dimension.
            "zero_dimensional": [name for name, tensor in tensors.items() if tensor.ndim == 0],
        }
        return arrays, metadata

    def unpack(self, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
        """Restore what `pack` returned; `InputError` if it belongs to another network or training."""
        try:
            history = history_rows(arrays)
            arrays = {**arrays, **{name: arrays[name].reshape(()) for name in metadata["zero_dimensional"]}}
            for prefix, learner in self._learners():
                learner.model.load_state_dict(_below(f"{prefix}model/", arrays))
                below = f"{prefix}optimiser/"
                _unpack_optimiser(learner.optimiser, _below(below, arrays), _below(below, metadata["scalars"]))
            self.losses[: metadata["step"]] = torch.from_numpy(arrays["losses"])
            best_loss = float(metadata["best_loss"])
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"the checkpoint belongs to another training; remove its folder ({reason})") from error
        self.epoch, self.step, self.best_loss = metadata["epoch"], metadata["step"], best_loss
        self.history = [tuple(row) for row in history.tolist()]
        self.best = _below("best/", arrays) or None
        self.kept = _below("kept/", arrays)

    def _learners(self) -> list[tuple[str, Learner]]:
        """What is trained, with the prefix of its tensors in a checkpoint."""
        learners = [("", Learner(self.model, self.optimiser))]
        return learners if self.discriminator is None else [*learners, ("discriminator_", self.discriminator)]


def _unpack_optimiser(optimiser: torch.optim.Optimizer, *values: Mapping[str, Any]) -> None:
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for name, value in ((name, value) for mapping in values for name, value in mapping.items()):
        position, _, key = name.partition("/")
        parameter = parameters[int(position)]
        if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
            # Use the parameter's own memory layout: another one may round differently.
            value = torch.empty_like(parameter, requires_grad=False).copy_(value)
        state.setdefault(int(position), {})[key] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def history_array(history: list[tuple[float, ...]]) -> np.ndarray:
    """Rows of the history as float64 [epochs, columns]."""
    return np.array(history, np.float64).reshape(-1, len(HISTORY))


def history_rows(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The history among the tensors of a file; `ValueError` if it is missing or not valid."""
    rows = arrays.get("history")
    if rows is None or rows.dtype != np.float64 or rows.ndim != 2 or rows.shape[1] != len(HISTORY):
        raise ValueError("it has no history")
    if not np.isfinite(rows[:, :2]).all():
        raise ValueError("its history has epochs or steps that are no numbers")
    return rows


def history_table(rows: np.ndarray) -> pd.DataFrame:
    """The history as a table, epochs and steps as integers."""
    return pd.DataFrame(rows, columns=list(HISTORY)).astype({"epoch": int, "step": int})


def _below(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The entries whose names begin with the prefix, by the rest of the name. Arrays become new tensors."""
    return {
        name.removeprefix(prefix): torch.tensor(value) if isinstance(value, np.ndarray) else value
        for name, value in values.items()
        if name.startswith(prefix)
    }
