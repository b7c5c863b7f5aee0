"""The optimisers, by their names in a study: those of torch, without torch's compiler.

Their methods import the compiler when they are first called, which takes more than a second in every training. Nothing
is compiled here, so the methods are called without what torch wraps around them for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from .settings import require_optimiser


def _uncompiled(optimiser: type[torch.optim.Optimizer]) -> type[torch.optim.Optimizer]:
    """The same optimiser, whose methods do not import the compiler."""
    names = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
    methods = {name: _inner(getattr(optimiser, name)) for name in names}
    return type(optimiser.__name__, (optimiser,), methods | {"step": torch.no_grad()(_inner(optimiser.step))})


def _inner(method: Any) -> Any:
    return getattr(method, "__wrapped__", method)


Adam, SGD = _uncompiled(torch.optim.Adam), _uncompiled(torch.optim.SGD)


def _adam(
    parameters: Iterable[torch.nn.Parameter],
    *,
    learning_rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    weight_decay: float = 0.0,
):
    return Adam(parameters, lr=learning_rate, betas=tuple(betas), weight_decay=weight_decay)


def _sgd(
    parameters: Iterable[torch.nn.Parameter],
    *,
    learning_rate: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
):
    return SGD(parameters, lr=learning_rate, momentum=momentum, weight_decay=weight_decay)


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
