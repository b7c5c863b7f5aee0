"""How much of one core each architecture uses in training: its operations a second, over those of a matrix product.

An architecture has its own defaults and works at scale 1, or at its least scale. A step has the forward pass, the
gradient of the mean squared error, and Adam's update. Only convolutions and matrix products count as operations. torch
counts them, but for grouped convolutions it counts too much in the backward pass: no step counts as more than three
forward passes. The step and the product of two square matrices in single precision take turns.

Convolutions can be faster than the product of two matrices, so a utilisation may be a little above 100 %.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.kept import Kept, machine, markdown

SIDE, MOST, WORK = 48, 16, 30e9
"""Side of the HR patches in pixels; most patches in a batch; operations of a step from which on no patch is added."""
MATRIX = 768
"""Side of the square matrices: the fastest of 256 to 3072 on the machine of the table."""
PRODUCTS = 10
ROUNDS = 7


def table(kept: Kept) -> str:
    """The table of README.md."""
    from mrisr import models

    found = {name: kept.get(name, lambda name=name: _measured(name)) for name in models.available()}
    # Other work on the machine disturbs some medians of the peak. None is above what the core can do.
    peak = max(m["peak"] for m in found.values())
    used = {name: m["gigaflop"] / m["seconds"] / peak for name, m in found.items()}
    rows = [
        (name, m["scale"], m["batch"], m["gigaflop"], m["seconds"], f"{used[name]:.0%}")
        for name, m in sorted(found.items(), key=lambda entry: -used[entry[0]])
    ]
    columns = ("architecture", "scale", "patches a step", "Gflop a step", "s a step", "utilisation")
    text = f"{machine()}, one thread, processor time, medians of {ROUNDS} rounds. The peak is {peak:.0f} Gflop/s."
    return f"{text}\n\n{markdown(columns, rows)}"


def _measured(name: str) -> dict[str, Any]:
    import torch
    from mrisr import models, plugins
    from mrisr.training.execution import execution
    from mrisr.training.weights import build_model
    from torch.utils.flop_counter import FlopCounterMode

    scale = min(plugins.constant("models", name, "SCALES") or (1,))
    model = build_model({"kind": name, "options": {}}, scale=scale, channels=1)
    optimiser = torch.optim.Adam(model.parameters())

    def step(images: Any) -> None:
        optimiser.zero_grad()
        estimate = model(images)
        (estimate - 0.5).square().mean().backward()
        optimiser.step()

    def operations(images: Any) -> int:
        counted = []
        for passes, work in ((3, model), (1, step)):
            with FlopCounterMode(display=False) as counter:
                work(images)
            counted.append(passes * counter.get_total_flops())
        return min(counted)

    def products() -> None:
        for _ in range(PRODUCTS):
            torch.mm(matrix, matrix)

    with execution(threads=1, device="cpu"):
        one = torch.rand(1, 1, SIDE // scale, SIDE // scale)
        batch = int(min(MOST, max(1, WORK // operations(one))))
        images, matrix = one.repeat(batch, 1, 1, 1), torch.rand(MATRIX, MATRIX)
        flops = operations(images)
        products()
        rounds = [(_seconds(products), _seconds(lambda: step(images))) for _ in range(ROUNDS)]
    peaks = [2 * MATRIX**3 * PRODUCTS / seconds for seconds, _ in rounds]
    assert models.available()
    return {
        "scale": scale,
        "batch": batch,
        "gigaflop": flops / 1e9,
        "seconds": statistics.median(seconds for _, seconds in rounds),
        "peak": statistics.median(peaks) / 1e9,
    }


def _seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
