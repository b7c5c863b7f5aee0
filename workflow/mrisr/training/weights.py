"""Trained networks on disk: the state dict, and in the metadata what is needed to build the network again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from mrisr import arrays, models, plugins
from mrisr.errors import InputError


def save_weights(path: str | os.PathLike, state: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write a state dict by rename.

    ``metadata`` has at least ``architecture`` ({kind, its options}), ``scale`` (of the network) and ``channels``.
    """
    arrays.save(path, state, metadata)


def load_model(path: str | os.PathLike) -> tuple[torch.nn.Module, dict[str, Any]]:
    """Build the network that `save_weights` wrote, in evaluation mode on the CPU, and give its metadata.

    Raises
    ------
    InputError
        The file is missing or damaged, or does not fit the architecture that it names.
    """
    state, metadata = arrays.load(path)
    missing = {"architecture", "scale", "channels"} - metadata.keys()
    if missing:
        raise InputError(f"{path}: holds no network: its metadata lack {', '.join(sorted(missing))}")
    model = build_model(metadata["architecture"], scale=metadata["scale"], channels=metadata["channels"])
    try:
        model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    except RuntimeError as error:
        raise InputError(f"{path}: does not fit the architecture it names ({' '.join(str(error).split())})") from error
    return model.eval(), metadata


def build_model(architecture: Mapping[str, Any], *, scale: int, channels: int) -> torch.nn.Module:
    """A fresh network from ``{kind: plug-in, option: value}``, laid out for speed on a CPU (channels last).

    ``shelf: kernels`` beside them says that the plug-in is a downsampling network: [N, C, scale * h, scale * w] ->
    [N, C, h, w].
    """
    options = dict(architecture)
    shelf, kind = options.pop("shelf", "models"), options.pop("kind")
    options |= {"scale": scale, "channels": channels}
    model = models.build(kind, **options) if shelf == "models" else plugins.build(shelf, kind, **options)
    return model.to(memory_format=torch.channels_last)
