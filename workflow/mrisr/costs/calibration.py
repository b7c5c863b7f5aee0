"""Measures how long the pieces of jobs take, on this machine and device.

Every piece is the pipeline's own code, run for about a second on random images of the study's sizes. Equal pieces are
measured once.
"""

from __future__ import annotations

import contextlib
import functools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mrisr import plugins
from mrisr.identity.code import libraries
from mrisr.pairs import Pair

STEPS = 4
"""Least number of training steps that are timed, after one step for warming up."""


ITERATIONS = 3
"""Iterations of a kernel estimation that is timed."""


class _Enough(Exception):
    """Ends a training that has been timed."""


class _Clock:
    """A progress meter that times the steps of a training and then ends it."""

    def __init__(self, seconds: float):
        self.seconds, self.ticks = seconds, [time.perf_counter()]

    def update(self, done: int, note: str = "") -> None:
        """Note the time of a finished step."""
        self.ticks.append(time.perf_counter())
        if len(self.ticks) > STEPS + 1 and self.ticks[-1] - self.ticks[0] > self.seconds:
            raise _Enough


class Calibration:
    """Times pieces of work. All times are in seconds. A measurement lasts about ``seconds``."""

    def __init__(self, *, seconds: float = 1.0):
        self.seconds = seconds
        self._known: dict[str, float] = {}

    def _once(self, piece: str, of: Any, measure: Callable[[], float]) -> float:
        key = json.dumps([piece, of], sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = measure()
        return self._known[key]

    def start(self, study: Path, modules: Sequence[str]) -> float:
        """Start of a process that reads the study and imports a job's modules. Timed once for each set of libraries."""
        program = (
            f"import importlib; from mrisr.planning.plan import Plan; from mrisr.study.validation import load_study; "
            f"Plan(load_study({str(study)!r})); list(map(importlib.import_module, {list(modules)!r}))"
        )

        def measure() -> float:
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            return time.perf_counter() - began

        return self._once("start", libraries(modules), measure)

    def training_step(self, settings: Mapping[str, Any], shape: tuple[int, int, int]) -> float:
        """One step of a training job (its ``settings``) on slices [C, H, W] of the references."""
        wanted = [settings[name] for name in ("architecture", "loss", "scale", "training")]
        return self._once("step", [wanted, shape], lambda: self._time_steps(settings, shape))

    def _time_steps(self, settings: Mapping[str, Any], shape: tuple[int, int, int]) -> float:
        from mrisr.training.train import train

        clock = _Clock(self.seconds)
        endless = {"epochs": 1, "steps_per_epoch": 10_000, "checkpoint_every": 10**9, "keep": "last", "keep_epochs": []}
        pairs = [_pair(shape, settings["scale"], index) for index in range(min(settings["training"]["batch"], 16))]
        with contextlib.suppress(_Enough):
            train(
                architecture=settings["architecture"],
                loss=settings["loss"],
                scale=settings["scale"],
                pairs=pairs,
                training={**settings["training"], **endless},
                seed=0,
                progress=lambda total, done: clock,
            )
        return statistics.median(np.diff(clock.ticks[1:]).tolist())

    def estimate(self, settings: Mapping[str, Any], shape: tuple[int, int, int], *, threads: int, device: str) -> float:
        """One slice through the network of a training job, with loss and PSNR as in its validation."""
        wanted = [settings["architecture"], settings["loss"], settings["scale"], threads, device]
        measure = functools.partial(self._time_estimates, settings, shape, threads, device)
        return self._once("estimate", [wanted, shape], measure)

    def _time_estimates(self, settings: Mapping[str, Any], shape, threads: int, device: str) -> float:
        from mrisr import losses
        from mrisr.training.execution import execution
        from mrisr.training.validate import validate
        from mrisr.training.weights import build_model

        with execution(threads=threads, device=device, deterministic=True) as chosen:
            model = build_model(settings["architecture"], scale=settings["scale"], channels=shape[0]).to(chosen)
            loss = losses.from_description(settings["loss"], channels=shape[0]).to(chosen)
            pair = _pair(shape, settings["scale"], 0)
            validated = getattr(loss, "content_of", loss)
            return self._repeat(lambda: validate(model, validated, [pair], device=chosen, stop=lambda: None))

    def score(self, metrics: Mapping[str, Mapping[str, Any]], shape: tuple[int, int, int]) -> float:
        """All metrics of one slice."""
        from mrisr.metrics import compute
        from mrisr.quality.features import features

        pair = _pair(shape, 1, 0)

        def score() -> None:
            for method in metrics.values():
                if plugins.constant("metrics", method["kind"], "NEEDS"):
                    # Its regressor is trained later. Applying it takes no time compared with the features of an image.
                    features(pair.degraded)
                else:
                    compute(method["kind"], pair.reference, pair.degraded, **method["options"])

        return self._once("score", [dict(metrics), shape], lambda: self._repeat(score))

    def degrade(self, settings: Mapping[str, Any], shape: tuple[int, int, int]) -> float:
        """Time of one slice through a degradation that is no network."""
        from mrisr.degradations import from_description
        from mrisr.imaging.kernel import SIZE, apply

        method, scale, grid = (settings[name] for name in ("degradation", "scale", "grid"))
        if plugins.constant("degradations", method["kind"], "NEEDS"):
            # Its kernels are learned later. Any other kernel takes as long.
            operator = functools.partial(apply, kernel=np.ones((SIZE, SIZE)))
        else:
            operator = from_description(method, scale=scale, grid=grid)
        image = _pair(shape, 1, 0).reference
        return self._once("degrade", [method, scale, grid, shape], lambda: self._repeat(lambda: operator(image)))

    def downsample(self, settings: Mapping[str, Any], shape: tuple[int, int, int]) -> float:
        """One slice through the network of a job that trains a downsampling network, on one thread of the CPU."""
        import torch

        from mrisr.training.execution import execution
        from mrisr.training.weights import build_model

        image = torch.from_numpy(_pair(shape, 1, 0).reference)[None]

        def measure() -> float:
            with execution(threads=1, device="cpu"), torch.inference_mode():
                model = build_model(settings["architecture"], scale=settings["scale"], channels=shape[0])
                return self._repeat(lambda: model(image))

        return self._once("downsample", [settings["architecture"], settings["scale"], shape], measure)

    def kernel_iteration(self, method: Mapping[str, Any], size: tuple[int, int, int], slices: int) -> float:
        """One iteration of one slice's kernel estimation, ``size`` being height, width and scale."""
        from mrisr.kernels import estimate_report

        height, width, scale = size
        batch = min(slices, 32)
        sharp = [_pair((1, height, width), scale, index) for index in range(batch)]
        brief = {"iterations": ITERATIONS, "attempts": 1}
        brief = {name: value for name, value in brief.items() if name in method["options"]}
        options = {**method["options"], **brief}

        def estimate() -> None:
            images = [pair.reference[0] for pair in sharp], [pair.degraded[0] for pair in sharp]
            estimate_report(method["kind"], *images, scale=scale, seed=0, **options)

        whole = self._once("kernel", [dict(method), size, batch], lambda: self._repeat(estimate))
        return whole / brief.get("iterations", 1) / batch

    def distortions(self, shape: tuple[int, int, int]) -> float:
        """All distortions of one slice from which BRISQUE learns, with their features."""
        from mrisr.quality import proxy
        from mrisr.quality.features import features

        def distort() -> None:
            for image, _ in proxy.rated({"random": _pair(shape, 1, 0).reference}, seed=0):
                features(image)

        return self._once("distortions", shape, lambda: self._repeat(distort))

    def _repeat(self, work: Callable[[], object]) -> float:
        """Median time of a piece of work, after one run for warming up."""
        work()
        times: list[float] = []
        began = time.perf_counter()
        while len(times) < 2 or time.perf_counter() - began < self.seconds / 4:
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return statistics.median(times)


def _pair(shape: tuple[int, int, int], scale: int, seed: int) -> Pair:
    channels, height, width = shape
    draw = np.random.default_rng(seed)
    degraded = draw.random((channels, height // scale, width // scale), dtype=np.float32)
    return Pair("random", seed, degraded, draw.random((channels, height, width), dtype=np.float32))
