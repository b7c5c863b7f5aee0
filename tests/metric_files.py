"""Random weights for the metrics that compare features of published networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mrisr import arrays, files
from mrisr.metrics import dists, lpips

NETWORKS = {"lpips": ("alexnet", lpips), "dists": ("vgg16", dists)}


def options(name: str, folder: Path) -> dict[str, Any]:
    """The options of a metric, with files of random weights in a folder. Equal on every machine."""
    network, module = NETWORKS[name]
    random = np.random.default_rng(5)
    state = {}
    for key, tensor in module._layers().state_dict().items():
        spread = (2 / tensor[0].numel()) ** 0.5 if tensor.ndim > 1 else 0.1
        state[f"features.{key}"] = (spread * random.standard_normal(tuple(tensor.shape), np.float32)).astype(np.float16)
    if name == "lpips":
        shapes = {f"lin{layer}.model.1.weight": (1, n, 1, 1) for layer, n in enumerate(module.FEATURES)}
    else:
        shapes = dict.fromkeys(("alpha", "beta"), (1, sum(module.FEATURES), 1, 1))
    learned = {key: random.random(shape, np.float32) for key, shape in shapes.items()}
    given: dict[str, Any] = {}
    for option, tensors in ((network, state), ("learned", learned)):
        path = folder / f"{name}-{option}.safetensors"
        arrays.save(path, tensors, {})
        given |= {option: str(path), f"{option}_sha256": files.sha256(path)}
    return given
