"""The state of a training before its first step."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import nn

from mrisr import arrays
from mrisr.errors import InputError

from . import optimisers
from .settings import Settings
from .state import Learner, State


def begin(model: nn.Module, objective: nn.Module, steps: int, settings: Settings, device: torch.device) -> State:
    """The state before the first step, with a discriminator if the loss has one. ``steps`` is an epoch's length."""
    optimiser = optimisers.build(settings.optimiser, model.parameters(), learning_rate=settings.learning_rate)
    discriminator = getattr(objective, "discriminator", None)
    learner = None
    if discriminator is not None:
        rate = objective.learning_rate or settings.learning_rate
        learner = Learner(
            discriminator, optimisers.build(settings.optimiser, discriminator.parameters(), learning_rate=rate)
        )
    _warn_of_single_batches(model, discriminator, settings)
    return State(model, optimiser, torch.zeros(steps, 1 if learner is None else 2, device=device), learner)


def load_initial(model: nn.Module, path: Path) -> None:
    """Give a network the weights of a file that `mrisr.training.weights.save_weights` wrote.

    Raises
    ------
    InputError
        The file is missing or damaged, or holds the weights of another network.
    """
    state, metadata = arrays.load(path)
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: array.shape for name, array in state.items()}
    if wanted != found:
        kind = (metadata.get("architecture") or {}).get("kind", "an unknown network")
        name = next(n for n in {**wanted, **found} if wanted.get(n) != found.get(n))
        raise InputError(
            f"training.initial_weights: {path} holds weights of another network ({kind}): {name} has the shape "
            f"{found.get(name, 'none')} there and {wanted.get(name, 'none')} here"
        )
    model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})


def _warn_of_single_batches(model: nn.Module, discriminator: nn.Module | None, settings: Settings) -> None:
    """Warn if a network with batch normalisation trains on batches of one image, which is unstable."""
    if settings.batch > 1:
        return
    for what, network in (("network", model), ("discriminator", discriminator)):
        if network is not None and any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules()):
            print(
                f"warning: the {what} has batch normalisation and training.batch is 1, which is known to be unstable; "
                "take 2 or more",
                file=sys.stderr,
                flush=True,
            )
