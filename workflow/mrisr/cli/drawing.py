"""From a figure's job of the plan to pictures on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mrisr import metrics
from mrisr.arrays import load_slices
from mrisr.errors import InputError
from mrisr.figures import _style as style
from mrisr.figures import boxplot, curves, gallery, gaps, heatmap, panel
from mrisr.figures._orientation import orient, pixel_aspect
from mrisr.job import Job
from mrisr.pairs import read_pairs
from mrisr.plan import Plan
from mrisr.statistics import scores as tidy

Pictures = Iterable[tuple[str, Figure]]
"""File name without suffix, and what is drawn there."""


def _heatmaps(job: Job) -> Pictures:
    scores = tidy.read([Path(job.reads["scores"])])
    for name, shown in job.settings["pictures"].items():
        yield name, heatmap.draw(scores, order=job.settings["order"], scale=job.settings["scale"], **shown)


def _gaps(job: Job) -> Pictures:
    bias = pd.read_csv(job.reads["bias"])
    for name, shown in job.settings["pictures"].items():
        yield name, gaps.draw(bias, order=job.settings["order"], scale=job.settings["scale"], **shown)


def _boxplots(job: Job) -> Pictures:
    settings = job.settings
    scores = tidy.read([Path(job.reads["scores"])])
    for name, shown in settings["pictures"].items():
        options = {"order": settings["order"], "scale": settings["scale"], "metric": settings["metric"]}
        yield name, boxplot.draw(scores, **options, **shown)


def _curves(job: Job) -> Pictures:
    for name, shown in job.settings["pictures"].items():
        histories: dict[str, list[pd.DataFrame]] = {}
        for training_set, path in _matching(job, "histories", shown):
            histories.setdefault(training_set, []).append(pd.read_csv(path))
        title = f"{shown['architecture']}, {shown['loss']}"
        yield name, curves.draw(histories, title=title, training_sets=job.settings["order"]["training_sets"])


def _gallery(job: Job) -> Pictures:
    slices, metadata = load_slices(job.reads["slices"])
    index = _chosen(slices, job.settings)

    def turned(image: np.ndarray) -> np.ndarray:
        return orient(image, metadata["affine"], metadata["axis"])

    degraded = {name: turned(load_slices(path, [index])[0][index]) for name, path in job.reads["degraded"].items()}
    aspect = pixel_aspect(metadata["affine"], metadata["axis"])
    yield "gallery", gallery.draw(turned(slices[index]), degraded, scale=job.settings["scale"], aspect=aspect)


def _panels(job: Job) -> Pictures:
    from mrisr.evaluation.estimates import ModelEstimator

    for name, shown in job.settings["pictures"].items():
        files = job.reads["test_sets"][shown["test_set"]]
        pairs = {pair.index: pair for pair in read_pairs(**files) if pair.subject == job.settings["subject"]}
        pair = pairs[_chosen(pairs, job.settings)]
        model = {key: shown[key] for key in ("architecture", "loss")}
        estimates = {
            training_set: ModelEstimator(Path(path), device="cpu")(pair.degraded)
            for training_set, path in _matching(job, "weights", model)
        }
        measured = {name: _scores(pair.reference, estimate) for name, estimate in estimates.items()}
        if pair.degraded.shape == pair.reference.shape:
            measured["input"] = _scores(pair.reference, pair.degraded)
        _, metadata = load_slices(files["references"][pair.subject], [])
        affine, axis = metadata["affine"], metadata["axis"]
        figure = panel.draw(
            orient(pair.reference, affine, axis),
            orient(pair.degraded, affine, axis),
            {name: orient(estimate, affine, axis) for name, estimate in estimates.items()},
            test_set=shown["test_set"],
            scores=measured,
            aspect=pixel_aspect(affine, axis),
        )
        yield name, figure


def _scores(reference: np.ndarray, estimate: np.ndarray) -> dict[str, float]:
    return {name.upper(): metrics.compute(name, reference, estimate) for name in ("psnr", "ssim")}


def _matching(job: Job, role: str, shown: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Training sets and files of the models that a picture shows."""
    for model, path in zip(job.settings["models"], job.reads[role], strict=True):
        if all(model[key] == value for key, value in shown.items()):
            yield model["training_set"], path


def _chosen(slices: Mapping[int, Any], settings: Mapping[str, Any]) -> int:
    """The slice that the study names, or the middle one of the test slices."""
    indices = sorted(slices)
    wanted = settings["slice"]
    if wanted is not None and wanted not in indices:
        allowed = ", ".join(map(str, indices))
        raise InputError(f"figures.panel_slice: {wanted} is no test slice of '{settings['subject']}' ({allowed})")
    return indices[len(indices) // 2] if wanted is None else wanted


FIGURES: dict[str, Callable[[Job], Pictures]] = {
    "heatmap": _heatmaps,
    "gaps": _gaps,
    "boxplot": _boxplots,
    "panel": _panels,
    "gallery": _gallery,
    "curves": _curves,
}


def draw(plan: Plan, job: Job) -> None:
    """Draw all pictures of a figure's job."""
    folder = Path(job.record).parent
    for name, figure in FIGURES[job.stage.removeprefix("figure-")](job):
        for path in style.save(figure, folder / name):
            print(path)
