"""Trained networks on disk: the state dict, with metadata from which the network can be built again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch.nn.modules.module import register_module_parameter_registration_hook

from mrisr import arrays, models, plugins
from mrisr.errors import InputError
from mrisr.files import recorded

DISCARDED, SMALL = 8, 10**6
"""A network may have ``DISCARDED`` parameters for each number in its file, and ``SMALL`` parameters besides."""


class Architecture(BaseModel):
    """A network's plug-in and options. The plug-in checks its own options."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    options: dict[str, Any]
    shelf: Literal["models", "kernels"] = "models"


class Described(BaseModel):
    """The required metadata of weights."""

    architecture: Architecture
    scale: Annotated[int, Field(ge=1, le=64)]
    channels: Annotated[int, Field(ge=1, le=64)]


def save_weights(path: str | os.PathLike, state: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write a state dict by rename.

    ``metadata`` has at least ``architecture`` ({kind, options}), ``scale`` (of the network) and ``channels``.
    """
    arrays.save(path, state, metadata)


def load_model(path: str | os.PathLike) -> tuple[torch.nn.Module, dict[str, Any]]:
    """Build the network that `save_weights` wrote, in evaluation mode on the CPU, and return it with its metadata.

    Raises
    ------
    InputError
        The file is missing or damaged, or does not fit the architecture that it names.
    """
    state, metadata = arrays.load(path)
    missing = {"architecture", "scale", "channels"} - metadata.keys()
    if missing:
        raise InputError(f"{path}: holds no network: its metadata lack {', '.join(sorted(missing))}")
    try:
        recorded.fitting(metadata, Described)
    except recorded.Unfit as error:
        raise InputError(f"{path}: holds no network: what its metadata say {error}") from error
    try:
        with _no_larger_than(sum(array.size for array in state.values())):
            model = build_model(metadata["architecture"], scale=metadata["scale"], channels=metadata["channels"])
        model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    except InputError as error:
        raise InputError(*(f"{path}: {problem}" for problem in error.problems)) from error
    except Exception as error:  # a method may fail in any way on options that nobody has checked
        raise InputError(f"{path}: does not fit the architecture it names ({' '.join(str(error).split())})") from error
    return model.eval(), metadata


@contextlib.contextmanager
def _no_larger_than(numbers: int) -> Iterator[None]:
    """Stop building a network that is far larger than its file: 10^9 features must not fill the memory.

    A network somewhat larger than its file is allowed, because a plug-in may build layers that it replaces later.
    """
    built = 0

    def count(module: torch.nn.Module, name: str, parameter: torch.nn.Parameter | None) -> None:
        nonlocal built
        built += 0 if parameter is None else parameter.numel()
        if built > DISCARDED * numbers + SMALL:
            raise ValueError(f"that is far larger than the {numbers} numbers of the file")

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def build_model(architecture: Mapping[str, Any], *, scale: int, channels: int) -> torch.nn.Module:
    """A new network from ``{"kind": plug-in, "options": {option: value}}``.

    It has channels last in memory, which is fast on a CPU. With ``"shelf": "kernels"`` the plug-in is a downsampling
    network: [N, C, scale * h, scale * w] -> [N, C, h, w].
    """
    described = dict(architecture)
    shelf = described.pop("shelf", "models")
    kind, options = plugins.kind_and_options(described)
    options |= {"scale": scale, "channels": channels}
    model = models.build(kind, **options) if shelf == "models" else plugins.build(shelf, kind, **options)
    return model.to(memory_format=torch.channels_last)
