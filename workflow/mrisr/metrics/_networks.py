"""Networks whose features metrics compare, with weights from files that the user supplies."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from mrisr.errors import InputError
from mrisr.published import read_state

Learned = TypeVar("Learned")


@dataclass(frozen=True)
class WeightsFile:
    """A file that the user supplies: its path, the beginning of its SHA-256, and where to download it."""

    path: str | None
    sha256: str
    source: str

    def read(self, metric: str, what: str) -> dict[str, torch.Tensor]:
        """The file's tensors.

        Raises
        ------
        InputError
            As `mrisr.published.read_state`, or there is no path.
        """
        if self.path is None:
            raise InputError(f"{metric}: {what} are missing; download {self.source} and set its path")
        return read_state(self.path, self.sha256, where=metric, what=what, source=self.source)

    @property
    def stamp(self) -> tuple[int, int] | None:
        """What changes with the file, so that it is read again."""
        if self.path is None or not Path(self.path).exists():
            return None
        found = Path(self.path).stat()
        return found.st_size, found.st_mtime_ns


def network_layers(make: Callable[[], nn.Sequential], file: WeightsFile, *, metric: str) -> nn.Sequential:
    """Layers with the published weights of ``features``, whose names have the layers' positions, in float64.

    Raises
    ------
    InputError
        As `WeightsFile.read`, or the file holds another network.
    """
    return _loaded(make, file, metric, file.stamp)


@functools.lru_cache(maxsize=2)
def _loaded(make, file: WeightsFile, metric: str, stamp: object) -> nn.Sequential:
    state = file.read(metric, "the network's weights")
    known = {name.removeprefix("features."): t for name, t in state.items() if name.startswith("features.")}
    layers = make()
    try:
        layers.load_state_dict({name: known[name] for name in layers.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise InputError(f"{metric}: {file.path} does not hold the weights of {file.source} ({error})") from error
    return layers.double().eval().requires_grad_(False)


def learned_weights(
    choose: Callable[[Mapping[str, torch.Tensor]], Learned], file: WeightsFile, *, metric: str, network: str
) -> Learned:
    """What a metric chooses of the tensors that were learned for it on top of a network.

    Raises
    ------
    InputError
        As `WeightsFile.read`, or ``choose`` does not find what it needs.
    """
    state = file.read(metric, "the learned weights")
    try:
        return choose(state)
    except (KeyError, RuntimeError) as error:
        raise InputError(f"{metric}: {file.path} does not hold the learned weights for {network} ({error})") from error


def colours(image: np.ndarray, *, data_range: float, smallest: int, metric: str) -> torch.Tensor:
    """An image [H, W] or [C, H, W] as [1, 3, H, W] float64 in [0, 1]. A grey image is repeated."""
    channels = image.reshape(-1, *image.shape[-2:]) / data_range
    if len(channels) not in (1, 3):
        raise InputError(f"{metric}: takes images of 1 or 3 channels, not {len(channels)}")
    if min(image.shape[-2:]) < smallest:
        raise InputError(f"{metric}: images need {smallest} x {smallest} pixels or more, not {image.shape[-2:]}")
    return torch.from_numpy(np.ascontiguousarray(channels)).expand(3, -1, -1)[None]


def standardised(images: torch.Tensor, mean: Sequence[float], deviation: Sequence[float]) -> torch.Tensor:
    """Images [N, 3, H, W] minus a colour's mean, divided by its deviation."""
    mean, deviation = (torch.tensor(values, dtype=images.dtype).view(1, -1, 1, 1) for values in (mean, deviation))
    return (images - mean) / deviation


def outputs(layers: nn.Sequential, images: torch.Tensor, after: tuple[int, ...]) -> Iterator[torch.Tensor]:
    """What the layers give after some of them, by position."""
    for position, layer in enumerate(layers):
        images = layer(images)
        if position in after:
            yield images
