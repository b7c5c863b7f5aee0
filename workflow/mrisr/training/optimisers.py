"""The optimisers, by their names in a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from mrisr.errors import InputError, suggestion


def _adam(parameters: Iterable[torch.nn.Parameter], *, learning_rate: float, betas: tuple[float, float] = (0.9, 0.999)):
    return torch.optim.Adam(parameters, lr=learning_rate, betas=tuple(betas))


OPTIMISERS = {"adam": _adam}


def build(
    optimiser: str | Mapping[str, Any], parameters: Iterable[torch.nn.Parameter], *, learning_rate: float
) -> torch.optim.Optimizer:
    """Build an optimiser from its name, or from ``{kind: name, option: value}``.

    Raises
    ------
    InputError
        Unknown name or option.
    """
    options = {"kind": optimiser} if isinstance(optimiser, str) else dict(optimiser)
    name = options.pop("kind")
    if name not in OPTIMISERS:
        raise InputError(f"training.optimiser: '{name}' is not known ({suggestion(name, OPTIMISERS)})")
    make = OPTIMISERS[name]
    allowed = set(make.__kwdefaults__)
    for option in options.keys() - allowed:
        raise InputError(f"training.optimiser: '{name}' has no option '{option}' ({suggestion(option, allowed)})")
    return make(parameters, learning_rate=learning_rate, **options)
