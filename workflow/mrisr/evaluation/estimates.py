"""Applies a trained model to degraded slices."""

from __future__ import annotations

import os
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
        Number of threads for torch.
    device : ``auto``, ``cpu`` or ``cuda``

    Raises
    ------
    InputError
        Raised by a call if the slice has another number of channels than the training slices.
    """

    def __init__(self, weights: Path, *, threads: int = 1, device: str = "auto"):
        # CUDA reads this when it starts; cuBLAS refuses deterministic mode without it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        import torch

        from mrisr.training.weights import load_model

        torch.set_num_threads(threads)
        keep_freed_memory()
        self.weights = weights
        self.model, self.metadata = load_model(weights)
        if device == "cuda" and not torch.cuda.is_available():
            raise InputError("evaluation.device: there is no CUDA device here; set it to auto or cpu")
        # Deterministic and in full precision. This switch does not import torch's compiler, which takes a second.
        torch.set_deterministic_debug_mode("error")
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
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
