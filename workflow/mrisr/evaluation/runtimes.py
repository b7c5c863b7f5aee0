"""Measures how long every method takes on this machine: seconds a slice and a volume of each test group."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrisr import baselines
from mrisr.arrays import load_slices
from mrisr.files import write_text

from .estimates import ModelEstimator

SECONDS = 2.0
"""Estimates of slices are repeated for about so long."""
LEAST = 3
"""Least number of estimates that are timed, after one for warming up."""


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    device: str,
    progress: Callable[[int, int], Any],
) -> dict[str, str]:
    """Write runtimes.csv, the action of the stage `runtimes`. Returns the device, for the job's record.

    Parameters
    ----------
    reads : {"weights", "slices"}
        Weights of each model, and the degraded slices of a subject of each test group.
    writes : {"runtimes"}
    settings : mapping
        ``baselines``: {name: {"kind", "options"}}; ``models``: architecture and loss of each of the weights;
        ``groups``: {group: subject}; ``scale``, ``grid``; ``threads`` of a network. Baselines have one thread.
    """
    given = {"scale": settings["scale"], "grid": settings["grid"]}
    methods: list[tuple[str, str, str, Callable]] = []
    for name, known in settings["baselines"].items():
        methods.append((name, "", "cpu", baselines.build(known["kind"], **given, **known["options"])))
    for (architecture, loss), path in zip(settings["models"], reads["weights"], strict=True):
        network = ModelEstimator(Path(path), threads=settings["threads"], device=device)
        methods.append((architecture, loss, network.device, network))
    rows, shown = [], progress(len(settings["groups"]), 0)
    for done, (group, subject) in enumerate(settings["groups"].items(), start=1):
        slices, _ = load_slices(reads["slices"][group])
        images = list(slices.values())
        for architecture, loss, used, estimate in methods:
            seconds = seconds_a_slice(estimate, images)
            rows.append(
                {
                    "scale": settings["scale"],
                    "architecture": architecture,
                    "loss": loss,
                    "group": group,
                    "subject": subject,
                    "height": images[0].shape[-2],
                    "width": images[0].shape[-1],
                    "seconds_a_slice": seconds,
                    "slices": len(images),
                    "seconds_a_volume": seconds * len(images),
                    "device": used,
                    "threads": settings["threads"] if loss else 1,
                }
            )
        shown.update(done)
    table = pd.DataFrame(rows)
    write_text(Path(writes["runtimes"]), table.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
    return {"device": next((used for _, loss, used, _ in methods if loss), "cpu")}


def seconds_a_slice(estimate: Callable[[np.ndarray], np.ndarray], images: list[np.ndarray]) -> float:
    """Median time of an estimate of a degraded slice. The slices take turns."""
    estimate(images[0])
    times: list[float] = []
    while len(times) < LEAST or sum(times) < SECONDS:
        began = time.perf_counter()
        estimate(images[len(times) % len(images)])
        times.append(time.perf_counter() - began)
    return statistics.median(times)
