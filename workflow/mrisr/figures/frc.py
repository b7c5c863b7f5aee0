"""Fourier ring correlation of every training set's model with the reference, frequency by frequency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mrisr.imaging.frc import NYQUIST, cutoff, ring_correlation

from ._estimates import estimators
from ._style import COLUMN, PAGE, Figure, legend_grid, looks, styled
from ._test_slices import subject_pairs

THRESHOLD = 0.5
"""The correlation at which the cutoff is read off."""
HEIGHT, LEGEND_ROW, LEGEND = 2.6, 0.15, 0.3
INPUT = "(input)"
GREY = "#7F7F7F"


@styled
def draw(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, scale: int, title: str = "", names: Sequence[str] = ()
) -> Figure:
    """One line for each training set, its cutoff in the legend; dotted is the Nyquist frequency of the low grid.

    Parameters
    ----------
    curves : {training set or "(input)": (frequencies, correlations)}
        Frequencies in cycles per pixel, see `mrisr.imaging.frc.ring_correlation`.
    scale : int
        Scale of the degradation.
    title : str
    names : sequence of str, optional
        All training sets of the study, so that each has the same colour in every figure.
    """
    found = {name: cutoff(*curve, threshold=THRESHOLD) for name, curve in curves.items()}
    labels = {name: f"{name} ({value:.2f})" for name, value in found.items()}
    rows, columns = legend_grid(labels.values())
    figure = Figure(figsize=(PAGE, HEIGHT + LEGEND + rows * LEGEND_ROW), layout="constrained")
    ax = figure.subplots()
    styles = looks([*names, *(name for name in curves if name != INPUT)])
    for name, (frequencies, correlations) in curves.items():
        look = {"color": GREY, "linestyle": "--"} if name == INPUT else {"color": styles[name].colour}
        look = look if name == INPUT else {**look, "linestyle": styles[name].dash}
        ax.plot(frequencies / NYQUIST, correlations, linewidth=COLUMN / 4, label=labels[name], **look)
    ax.axvline(1 / scale, color="black", linestyle=":", linewidth=0.8)
    ax.axhline(THRESHOLD, color="black", linewidth=0.4)
    ax.set(xlim=(0, 1), ylim=(min(0.0, *(np.nanmin(c) for _, c in curves.values())), 1.02))
    ax.set(xlabel="frequency (of Nyquist)", ylabel="Fourier ring correlation", title=title)
    ax.grid(True)
    heading = f"trained on (cutoff at {THRESHOLD:g})"
    figure.legend(*ax.get_legend_handles_labels(), title=heading, loc="outside lower center", ncols=columns)
    return figure


class FRC:
    """Fourier ring correlation of every training set's model with the reference, frequency by frequency."""

    CATEGORY = "Resolution"
    ALWAYS = False
    READS = ("shown_models",)
    FOR_EACH = ("test_set", "model")
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The curves of a job, means over the slices of the shown subject: file name without suffix, and figure."""
        for name, shown in settings["pictures"].items():
            files = reads["test_sets"][shown["test_set"]]
            pairs = [pair.loaded() for pair in subject_pairs(files, settings)]
            curves = {}
            if all(pair.degraded.shape == pair.reference.shape for pair in pairs):
                curves[INPUT] = mean_curve([(pair.reference, pair.degraded) for pair in pairs])
            for training_set, estimate in estimators(reads, settings, shown):
                curves[training_set] = mean_curve([(pair.reference, estimate(pair.degraded)) for pair in pairs])
            title = f"{shown['architecture']}, {shown['loss']} on {shown['test_set']}"
            names = list(dict.fromkeys(model["training_set"] for model in settings["models"]))
            yield name, draw(curves, scale=settings["scale"], title=title, names=names)


def mean_curve(images: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies, and the mean correlation over pairs of reference and estimate of one size."""
    curves = [ring_correlation(*(image.astype(np.float64) for image in pair)) for pair in images]
    found = np.array([correlations for _, correlations in curves])
    known = np.isfinite(found)
    total = np.where(known, found, 0).sum(axis=0)
    return curves[0][0], np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
