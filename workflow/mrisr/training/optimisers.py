"""The optimisers, by their names in a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from .settings import require_optimiser


def _adam(
    parameters: Iterable[torch.nn.Parameter],
    *,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    weight_decay: float = 0.0,
):
    return torch.optim.Adam(parameters, lr=learning_rate, betas=tuple(betas), weight_decay=weight_decay)


def _sgd(
    parameters: Iterable[torch.nn.Parameter],
    *,
    learning_rate: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
):
    return torch.optim.SGD(parameters, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)


MAKERS = {"adam": _adam, "sgd": _sgd}


def build(
    optimiser: str | Mapping[str, Any], parameters: Iterable[torch.nn.Parameter], *, learning_rate: float
) -> torch.optim.Optimizer:
    """Build an optimiser from its name, or from ``{"kind": name, "options": {option: value}}``.

    Raises
    ------
    InputError
        Unknown name or option.
    """
    name, options = require_optimiser(optimiser)
    return MAKERS[name](parameters, learning_rate=learning_rate, **options)
