"""A training problem that takes milliseconds, shared by the tests of training."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from loss_options import loss_options
from mrisr import plugins
from mrisr.pairs import Pair
from mrisr.training.train import Trained

TINY = {
    "srcnn": {"features": (4, 3), "skip": True},
    "srdensenet": {"features": 4, "blocks": 2, "layers": 2, "growth": 3, "bottleneck": 5},
    "rrdbnet": {"features": 4, "growth": 2, "blocks": 1},
    "edsr": {"features": 4, "blocks": 2},
    "fmen": {"features": 4, "attention_features": 6, "blocks": 1},
    "nafnet": {"features": 4, "encoder": (1, 1), "decoder": (1, 1)},
    "plain": {"features": 4, "batch_norm": True},
    "rrlsrn": {"features": 4, "layers": 3},
    "srresnet": {"features": 4, "blocks": 1},
    "swinir": {"features": 4, "heads": 2, "depths": (2,), "window": 4},
    "vdsr": {"features": 4, "layers": 3},
}
"""Options that make an architecture small; a new one is tested as it is by default."""

TRAINING = {
    "optimiser": "adam",
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "epochs": 3,
    "steps_per_epoch": 4,
    "batch": 3,
    "patch": 12,
    "flips": True,
    "quarter_turns": True,
    "keep": "last",
    "checkpoint_every": 2,
    "validate_every": 1,
    "threads": 1,
    "device": "cpu",
    "deterministic": True,
}


def make_pairs(shapes: list[tuple[int, int]], *, scale: int = 1, seed: int = 0) -> list[Pair]:
    """Slices of crossed waves; their degraded version is the mean over blocks at half the contrast."""
    draw = np.random.default_rng(seed)
    pairs = []
    for index, (height, width) in enumerate(shapes):
        waves = []
        for side in (height * scale, width * scale):
            length, phase = draw.uniform(5, 15), draw.uniform(0, 2 * np.pi)
            waves.append(np.sin(2 * np.pi * np.arange(side) / (length * scale) + phase))
        reference = (0.5 + 0.25 * (waves[0][:, None] + waves[1])).astype(np.float32)[None]
        blocks = reference.reshape(1, height, scale, width, scale).mean(axis=(2, 4))
        pairs.append(Pair(f"subject{index % 2}", index, 0.25 + blocks / 2, reference))
    return pairs


def problem(architecture: str = "srcnn", *, loss: str = "mse", **training: Any) -> dict[str, Any]:
    """Arguments of `train`: three epochs of four steps; keywords replace entries of ``training``."""
    scale = min(plugins.constant("models", architecture, "SCALES") or [1])
    return {
        "architecture": {"kind": architecture, "options": TINY.get(architecture, {})},
        "loss": {"kind": loss, "options": loss_options(loss)},
        "scale": scale,
        "pairs": make_pairs([(20, 16)] * 3 + [(14, 18)] * 2, scale=scale),
        "validation": make_pairs([(16, 16)] * 2, scale=scale, seed=1),
        "training": TRAINING | training,
        "seed": 3,
    }


def digest(trained: Trained) -> str:
    """SHA-256 over all weights and the history."""
    content = hashlib.sha256(trained.history.to_csv(index=False).encode())
    for name, array in sorted((trained.state | trained.kept).items()):
        content.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return content.hexdigest()
