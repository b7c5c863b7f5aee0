"""Estimated kernels with error bars: how much they differ from seed to seed and from slice to slice (own figure)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mrisr import metrics
from mrisr.arrays import load, load_slices
from mrisr.imaging.kernel import SIZE, apply
from mrisr.quality.kernel_shape import agreement, offset, similarities, support

from ._kernels import draw_map, is_found, name_row, row_names
from ._style import BLUE, PAGE, Figure, styled

MOST_ROWS = 6
TABLE = "kernel_seeds.csv"
COLUMNS = (
    *("method", "subject", "slice", "seeds", "offset_rows", "offset_rows_sd", "offset_columns", "offset_columns_sd"),
    *("support", "support_sd", "agreement", "lowest_psnr"),
)
SPREAD = "viridis"
PANELS = 5


@styled
def draw(rows: Mapping[str, tuple[Sequence[str], np.ndarray]]) -> Figure:
    """A row for each method and subject: mean kernel, deviations over seeds and slices, agreement, error bars.

    The deviation over seeds is the root mean square over slices of the deviation of a slice's kernels. The deviation
    over slices is that of the slices' means over seeds. Both are maps over the taps, in percent of the largest tap of
    the mean kernel. The agreement is the mean over slices of the cosine between the kernels of two seeds. The error
    bars are the deviation over seeds of the kernel's sums over columns, for the mean of all slices.

    Parameters
    ----------
    rows : {name: (seeds, kernels)}
        Kernels [seeds, slices, k, k], of slices for which every seed has found one; at least one slice.
    """
    width = PAGE / (PANELS + 1.2)
    figure = Figure(figsize=(PAGE, len(rows) * (width + 0.42)), layout="constrained")
    axes = figure.subplots(len(rows), PANELS, squeeze=False, width_ratios=[1] * (PANELS - 1) + [1.4])
    for line, (name, (seeds, kernels)) in zip(axes, rows.items(), strict=True):
        mean = kernels.mean(axis=(0, 1))
        name_row(line[0], name, width)
        draw_map(line[0], mean, "mean kernel")
        of_seeds, of_slices = deviations(kernels)
        for ax, deviation, title in ((line[1], of_seeds, "SD over seeds"), (line[2], of_slices, "SD over slices")):
            draw_map(ax, deviation, f"{title}\nup to {100 * deviation.max() / mean.max():.3g} %", SPREAD)
        _agreement(line[3], seeds, kernels)
        _bars(line[4], kernels)
    return figure


def deviations(kernels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Deviations over seeds and over slices (n - 1) of kernels [seeds, slices, k, k], as maps [k, k].

    The second is 0 for a single slice.
    """
    of_seeds = np.sqrt(kernels.var(axis=0, ddof=1).mean(axis=0))
    means = kernels.mean(axis=0)
    return of_seeds, means.std(axis=0, ddof=1) if len(means) > 1 else np.zeros_like(of_seeds)


class KernelSeeds:
    """Estimated kernels with error bars: how much they differ from seed to seed and from slice to slice."""

    CATEGORY = "Degradations"
    ALWAYS = False
    READS = ("kernel_seeds",)
    FOR_EACH = ()
    OPTIONS = {}
    NUMBERS = ("kernel_seeds.csv",)

    @staticmethod
    def numbers(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
        """The table of a job: a row for each slice, and one without a slice for the mean kernel of each seed."""
        rows = []
        for name, files in reads["kernels"].items():
            method, _, subject = name.partition(" ")
            sharp, _ = load_slices(reads["slices"][subject])
            names, _, kernels = read(files)
            for number, slice_id in enumerate(names):
                row = row_names(name, slice_id)
                rows.append({**row, **measured(kernels[:, number], sharp[row["slice"]].mean(axis=0))})
            found = kernels[:, is_found(kernels).all(axis=0)]
            if found.shape[1]:
                rows.append({"method": method, "subject": subject, "slice": "", **measured(found.mean(axis=1))})
        return {TABLE: pd.DataFrame(rows, columns=list(COLUMNS))}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figure of a job: file name without suffix, and figure."""
        rows = {}
        for name, files in reads["kernels"].items():
            _, seeds, kernels = read(files)
            found = kernels[:, is_found(kernels).all(axis=0)]
            if found.shape[1]:
                rows[name] = seeds, found
        (name,) = settings["pictures"]
        yield name, draw(dict(itertools.islice(rows.items(), MOST_ROWS)))


def read(files: Mapping[str, str]) -> tuple[list[str], list[str], np.ndarray]:
    """Slices, seeds and kernels [seeds, slices, k, k] of a subject, float64; NaN where there is none."""
    loaded = [load(path) for path in files.values()]
    return loaded[0][1]["slice_ids"], list(files), np.stack([tensors["kernels"] for tensors, _ in loaded]).astype(float)


def measured(kernels: np.ndarray, image: np.ndarray | None = None) -> dict[str, float]:
    """How several kernels [seeds, k, k] of a slice agree: the columns of the table from ``seeds`` on.

    ``lowest_psnr`` is the lowest PSNR (dB) between two low-resolution images that they make of the slice [H, W].
    """
    found = kernels[is_found(kernels)]
    numbers: dict[str, float] = {"seeds": len(found)}
    if not len(found):
        return numbers
    values = np.array([(*offset(kernel), support(kernel)) for kernel in found])
    spread = values.std(axis=0, ddof=1) if len(found) > 1 else np.full(values.shape[1], np.nan)
    for place, name in enumerate(("offset_rows", "offset_columns", "support")):
        numbers |= {name: float(values[:, place].mean()), f"{name}_sd": float(spread[place])}
    numbers["agreement"] = agreement(found)
    if image is not None and len(found) > 1:
        made = [apply(image, kernel) for kernel in found]
        numbers["lowest_psnr"] = min(metrics.compute("psnr", *pair) for pair in itertools.combinations(made, 2))
    return numbers


def _agreement(ax: Axes, seeds: Sequence[str], kernels: np.ndarray) -> None:
    """The map of cosines between seeds, with numbers if there is room."""
    found = np.mean([similarities(kernels[:, number]) for number in range(kernels.shape[1])], axis=0)
    ax.imshow(found, cmap=SPREAD, vmin=0, vmax=1)
    if len(seeds) <= 4:
        for row, column in np.ndindex(found.shape):
            colour = "black" if found[row, column] > 0.5 else "white"
            ax.text(column, row, f"{found[row, column]:.3f}", ha="center", va="center", fontsize=5, color=colour)
    ax.set_xticks(range(len(seeds)), seeds)
    ax.set_yticks(range(len(seeds)), seeds)
    ax.set(title="agreement of seeds", xlabel="seed")


def _bars(ax: Axes, kernels: np.ndarray) -> None:
    """Sums over columns of the mean kernel, by row from the middle of the block, with the deviation over seeds."""
    lines = kernels.mean(axis=1).sum(axis=2)
    places = np.arange(SIZE) - SIZE / 2
    ax.axvline(0, color="0.6", linewidth=0.6)
    ax.errorbar(places, lines.mean(axis=0), lines.std(axis=0, ddof=1), color=BLUE, capsize=1.5, elinewidth=0.7)
    ax.set(title="line spread, SD over seeds", xlabel="pixels from the block's middle")
    ax.grid(True)
