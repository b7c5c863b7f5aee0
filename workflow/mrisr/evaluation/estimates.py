"""What a trained model makes of a degraded slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mrisr.errors import InputError
from mrisr.memory import keep_freed_memory


class ModelEstimator:
    """A trained model as a function of a slice.

    Parameters
    ----------
    weights : path
        ``weights.safetensors`` of a training job.
    threads : int
        Threads that torch uses.
    device : ``auto``, ``cpu`` or ``cuda``

    Raises
    ------
    InputError
        From a call, if the slice has another number of channels than the training slices.
    """

    def __init__(self, weights: Path, *, threads: int = 1, device: str = "auto"):
        import torch

        from mrisr.training.weights import load_model

        torch.set_num_threads(threads)
        keep_freed_memory()
        self.weights = weights
        self.model, self.metadata = load_model(weights)
        self.device = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        self.model.to(self.device)

    def __call__(self, degraded: np.ndarray) -> np.ndarray:
        """Estimate [C, H, W] of a degraded slice [C, h, w], clamped to [0, 1]."""
        import torch

        if degraded.shape[0] != self.metadata["channels"]:
            raise InputError(
                f"{self.weights}: the model was trained on {self.metadata['channels']} channel(s), "
                f"the test slice has {degraded.shape[0]}; use volumes of one kind in a study"
            )
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(degraded))[None].to(self.device)
            return self.model(batch)[0].clamp_(0, 1).cpu().numpy()
