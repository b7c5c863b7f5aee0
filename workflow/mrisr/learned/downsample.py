"""The stage `degrade` by a downsampling network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mrisr.errors import InputError
from mrisr.imaging.degrading import degrade_slices
from mrisr.imaging.shifting import Shifted
from mrisr.training.execution import execution
from mrisr.training.weights import load_model


def run(reads: Mapping[str, str], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str) -> None:
    """Degrade a subject's slices by a trained network: the action of the stage `degrade` for learned networks."""
    downsample_slices(reads["slices"], reads["network"], writes["slices"], identity=identity, **settings)


def downsample_slices(
    slices_path: str | os.PathLike, network: str | os.PathLike, output_path: str | os.PathLike, **settings: Any
) -> None:
    """Degrade a slices file by the network of a weights file, on the CPU. Settings as in `degrade_slices`.

    Raises
    ------
    InputError
        As `degrade_slices`; also if the slices have another number of channels than the network was trained on.
    """
    model, trained = load_model(network)

    def operator(image: np.ndarray, *, slice_ids: Sequence[str]) -> np.ndarray:
        if len(image) != trained["channels"]:
            raise InputError(
                f"the network {network} was trained on {trained['channels']} channel(s), the slice has {len(image)}; "
                "use volumes of one kind in a study"
            )
        with torch.inference_mode():
            return model(torch.from_numpy(np.ascontiguousarray(image))[None])[0].numpy()

    if shift := settings["degradation"]["options"].get("shift"):
        operator = Shifted(operator, shift, scale=settings["scale"], grid=settings["grid"])
    with execution(threads=1, device="cpu"):
        degrade_slices(slices_path, output_path, operator=operator, **settings)
