"""Measures the networks of a study: size, arithmetic, receptive field; memory and time of an estimate here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mrisr import plugins
from mrisr.arrays import load_slices
from mrisr.files import write_text
from mrisr.training.execution import execution
from mrisr.training.weights import build_model

from .arithmetic import multiply_accumulates
from .pace import peak_bytes, seconds_a_slice
from .receptive_field import LENGTHS, receptive_field

UNBOUNDED = f"the receptive field is longer than {LENGTHS[-1]} pixels, or the whole image"


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    device: str,
    progress: Callable[[int, int], Any],
) -> dict[str, str]:
    """Write parameters.csv and networks.csv, the action of the stage `parameters`.

    Parameters
    ----------
    reads : {"slices"}
        Slices of a test subject. They give the number of channels and the size of the timed slice.
    writes : {"parameters", "timings"}
        The table that is the same on every machine, and the table of this machine.
    settings : mapping
        ``networks``: names, ``network`` ({kind, options}) and ``network_scale`` of each, and ``models``: for each the
        losses with their discriminators ({kind, options} or None); ``threads`` of an estimate.
    """
    slices, _ = load_slices(reads["slices"])
    reference = next(iter(slices.values()))
    sizes, paces = [], []
    with execution(threads=settings["threads"], device=device) as chosen:
        shown = progress(len(settings["networks"]), 0)
        for done, entry in enumerate(settings["networks"], start=1):
            size, pace = _measured(entry, reference.shape, chosen)
            sizes += size
            paces.append({**pace, "device": str(chosen), "threads": settings["threads"]})
            shown.update(done)
    _write(writes["parameters"], sizes)
    _write(writes["timings"], paces)
    return {"device": str(chosen)}


def _measured(entry: Mapping[str, Any], shape: tuple[int, int, int], device: torch.device) -> tuple[list, dict]:
    """The rows of a network in parameters.csv, and its row in networks.csv."""
    scale, (channels, height, width) = entry["network_scale"], shape
    trained = build_model(entry["network"], scale=scale, channels=channels).eval()
    # A network that can merge layers after training is measured as it makes estimates.
    merge = getattr(trained, "merged", None)
    model = merge() if merge else trained
    names, field = {key: entry[key] for key in ("scale", "architecture")}, receptive_field(model, channels)
    measures = {
        "parameters": _count(model),
        "multiply_accumulates": multiply_accumulates(model, channels),
        "receptive_field": np.nan if field is None else field,
    }
    notes = ["layers are merged after training"] if merge else []
    notes += [UNBOUNDED] if field is None else []
    rows = []
    for loss, discriminator in entry["models"].items():
        judge = discriminator and plugins.build_part("discriminators", discriminator, channels=channels)
        remarks = [*notes, f"trained with the discriminator {discriminator['kind']}"] if judge else notes
        trainable = {"trained_parameters": _count(trained) + (_count(judge) if judge else 0)}
        rows.append({**names, "loss": loss, **trainable, **measures, "note": "; ".join(remarks)})
    degraded = torch.rand(1, channels, height // scale, width // scale).to(device)
    model = model.to(device)
    pace = {
        "height": height,
        "width": width,
        "seconds_a_slice": seconds_a_slice(model, degraded),
        "peak_megabytes": peak_bytes(model, degraded) / 1e6,
    }
    return rows, {**names, **pace}


def _count(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _write(path: str, rows: list[dict[str, Any]]) -> None:
    write_text(Path(path), pd.DataFrame(rows).to_csv(index=False, float_format="%.9g", lineterminator="\n"))
