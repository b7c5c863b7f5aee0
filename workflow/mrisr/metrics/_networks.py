"""Networks whose features metrics compare, with weights from files that the user supplies."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from mrisr.errors import InputError
from mrisr.published import read_state


def network_layers(
    make: Callable[[], nn.Sequential], path: str | None, sha256: str, *, metric: str, source: str
) -> nn.Sequential:
    """Layers with the published weights of ``features``, whose names have the layers' positions, in float64.

    Raises
    ------
    InputError
        As `mrisr.published.read_state`; there is no path, or the file holds another network.
    """
    return _loaded(make, _given(path, metric, "the network's weights", source), sha256, metric, source, _stamp(path))


def learned_tensors(path: str | None, sha256: str, *, metric: str, source: str) -> dict[str, torch.Tensor]:
    """The tensors of a file of weights that were learned for a metric."""
    what = "the learned weights"
    return read_state(_given(path, metric, what, source), sha256, where=metric, what=what, source=source)


def _given(path: str | None, metric: str, what: str, source: str) -> str:
    if path is None:
        raise InputError(f"{metric}: {what} are missing; download {source} and set its path")
    return path


def _stamp(path: str | None) -> tuple[int, int] | None:
    """What changes with a file, so that it is read again."""
    if path is None or not Path(path).exists():
        return None
    found = Path(path).stat()
    return found.st_size, found.st_mtime_ns


@functools.lru_cache(maxsize=2)
def _loaded(make, path: str, sha256: str, metric: str, source: str, stamp: object) -> nn.Sequential:
    state = read_state(path, sha256, where=metric, what="the network's weights", source=source)
    known = {name.removeprefix("features."): t for name, t in state.items() if name.startswith("features.")}
    layers = make()
    try:
        layers.load_state_dict({name: known[name] for name in layers.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise InputError(f"{metric}: {path} does not hold the weights of {source} ({error})") from error
    return layers.double().eval().requires_grad_(False)


def colours(image: np.ndarray, *, data_range: float, smallest: int, metric: str) -> torch.Tensor:
    """An image [H, W] or [C, H, W] as [1, 3, H, W] float64 in [0, 1]. A grey image is repeated."""
    channels = image.reshape(-1, *image.shape[-2:]) / data_range
    if len(channels) not in (1, 3):
        raise InputError(f"{metric}: takes images of 1 or 3 channels, not {len(channels)}")
    if min(image.shape[-2:]) < smallest:
        raise InputError(f"{metric}: images need {smallest} x {smallest} pixels or more, not {image.shape[-2:]}")
    return torch.from_numpy(np.ascontiguousarray(channels)).expand(3, -1, -1)[None]


def outputs(layers: nn.Sequential, images: torch.Tensor, after: tuple[int, ...]) -> Iterator[torch.Tensor]:
    """What the layers give after some of them, by position."""
    for position, layer in enumerate(layers):
        images = layer(images)
        if position in after:
            yield images
