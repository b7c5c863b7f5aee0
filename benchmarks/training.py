"""Training steps, beside (a) the same steps on tensors in memory and (b) a plain loop over a torch DataLoader.

(a) has our network, the loss, the gradient and the update, and nothing else: no choice of patches, no flips, no rates.
(b) cuts a random patch a sample in a Dataset, as tutorials do, in the same process; its network is in torch's default
memory format. One thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from mrisr import losses, models
from mrisr.pairs import Pair
from mrisr.training.execution import execution
from mrisr.training.train import train
from mrisr.training.weights import build_model

from benchmarks.side_by_side import Row, compare

STEPS, BATCH, PATCH = 60, 16, 48
NETWORKS: dict[str, dict[str, Any]] = {
    "srcnn": {},
    "srdensenet": {"features": 8, "blocks": 2, "layers": 3, "growth": 4, "bottleneck": 16},
    "rrdbnet": {"features": 16, "blocks": 1, "growth": 8, "unshuffle": 2},
}
"""SRCNN is the paper's, the others those of the default study."""
SETTINGS = {
    "optimiser": "adam",
    "learning_rate": 1e-4,
    "schedule": "constant",
    "epochs": 1,
    "steps_per_epoch": STEPS,
    "batch": BATCH,
    "patch": PATCH,
    "flips": True,
    "quarter_turns": True,
    "keep": "last",
    "checkpoint_every": 500,
    "validate_every": 1,
    "threads": 1,
    "device": "cpu",
    "deterministic": True,
}


class _Patches(torch.utils.data.Dataset):
    """A random patch a sample."""

    def __init__(self, slices: np.ndarray):
        self.slices, self.random = slices, np.random.default_rng(0)

    def __len__(self) -> int:
        return STEPS * BATCH

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        number, top, left = (self.random.integers(n) for n in (len(self.slices), 256 - PATCH, 256 - PATCH))
        patch = self.slices[number, :, top : top + PATCH, left : left + PATCH].copy()
        return torch.from_numpy(patch), torch.from_numpy(patch)


def rows() -> Iterator[Row]:
    """Two rows a network."""
    torch.set_num_threads(1)
    slices = np.random.default_rng(0).random((8, 1, 256, 256), np.float32)
    pairs = [Pair("a", number, image, image) for number, image in enumerate(slices)]
    for name, options in NETWORKS.items():
        trained = lambda name=name, options=options: _train(name, options, pairs)  # noqa: E731
        tensors = [torch.from_numpy(np.ascontiguousarray(slices[:, :, :PATCH, :PATCH])).repeat(2, 1, 1, 1)] * STEPS
        described = {"kind": name, "options": options}
        ours = lambda described=described: build_model(described, scale=1, channels=1)  # noqa: E731
        plain = lambda name=name, options=options: models.build(name, scale=1, **options)  # noqa: E731
        for other, network, batches, target in (
            ("tensors in memory", ours, lambda tensors=tensors: [(t, t) for t in tensors], 0.95),
            ("a DataLoader", plain, lambda: torch.utils.data.DataLoader(_Patches(slices), BATCH), 1.3),
        ):
            yield compare(
                "training",
                f"{name}, beside {other}",
                trained,
                lambda network=network, batches=batches: _plain(network(), batches()),
                unit="step",
                units=STEPS,
                rounds=5,
                target=target,
            )


def _train(name: str, options: dict[str, Any], pairs: list[Pair]) -> None:
    options = {"kind": name, "options": options}
    train(architecture=options, loss={"kind": "mse", "options": {}}, scale=1, pairs=pairs, training=SETTINGS, seed=0)


def _plain(model: torch.nn.Module, batches: Any) -> None:
    loss, optimiser = losses.build("mse"), torch.optim.Adam(model.parameters(), lr=1e-4)
    with execution(threads=1):
        for degraded, reference in batches:
            optimiser.zero_grad()
            loss(model(degraded), reference).backward()
            optimiser.step()
