"""Options that make every loss small enough for a test. A loss that is not listed is tested with its defaults."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import torch
from mrisr import arrays, files
from mrisr.losses._vgg import layers_to

LAST = (2, 2)
"""The last convolution of VGG19 of which the tests' file has weights: all sixteen are 80 MB."""


@functools.cache
def random_vgg() -> tuple[str, str]:
    """Path and SHA-256 of random weights of the first convolutions of VGG19."""
    folder = tempfile.TemporaryDirectory(prefix="vgg")
    random_vgg.folder = folder  # removed when the process ends
    generator = torch.Generator().manual_seed(7)
    state = {}
    for name, tensor in layers_to(*LAST, activated=False).state_dict().items():
        fan_in = tensor[0].numel() if tensor.ndim > 1 else 1
        state[f"features.{name}"] = (torch.randn(tensor.shape, generator=generator) * (2 / fan_in) ** 0.5).numpy()
    path = Path(folder.name) / "vgg19.safetensors"
    arrays.save(path, state, {})
    return str(path), files.sha256(path)


def loss_options(name: str) -> dict[str, Any]:
    """Options for a loss by its name."""
    if name == "perceptual":
        path, sha256 = random_vgg()
        return {"weights": path, "sha256": sha256, "stage": LAST[0], "convolution": LAST[1]}
    if name == "adversarial":
        return {"discriminator": {"kind": "plain", "options": {"features": 4, "batch_norm": True}}, "content": "l1"}
    return {"sum": {"terms": ["l1", {"kind": "gradient_difference"}], "weights": [1.0, 2.0]}}.get(name, {})
