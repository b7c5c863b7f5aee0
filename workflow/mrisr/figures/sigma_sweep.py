"""How similar Gaussian blurs are to the low-resolution scan, by sigma (realistic-downsampling, choice of sigma)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mrisr import metrics
from mrisr.arrays import load_slices
from mrisr.degradations.gaussian import Gaussian
from mrisr.quality.mscn import mscn

from ._style import PAGE, Figure, legend_grid, looks, styled
from ._tiles import grey

SIGMAS = tuple(round(0.1 * step, 1) for step in range(5, 26))
"""Standard deviations of the sweep, pixels of the high-resolution slice. The paper chose 1.5; 1 is usual."""
USUAL, PAPER = 1.0, 1.5
MEASURES = {"SSIM": max, "PSNR (dB)": max, "distance of MSCN densities": min}
"""Measures of similarity to the scan, with the function that finds the best value."""
COLUMNS = dict(zip(MEASURES, ("ssim", "psnr", "mscn_distance"), strict=True))
"""The measures' columns in the tables."""
SWEEP, LIKENESS = "sigma_sweep.csv", "scan_likeness.csv"
BACKGROUND = 0.1
"""Pixels of the scan that are at most this bright are left out of the MSCN densities."""
HEIGHT, LEGEND_ROW = 2.3, 0.15


def similarity(scans: Sequence[np.ndarray], images: Sequence[np.ndarray]) -> dict[str, float]:
    """Similarity of low-resolution slices to those of the scan, for each of `MEASURES`.

    Slices are [H, W] or [C, H, W] in [0, 1]. SSIM and PSNR are means over slices. The distance of the MSCN densities is
    Wasserstein's first, over the coefficients of all pixels that are brighter than `BACKGROUND` in the scan.
    """
    pairs = [(grey(scan), np.clip(grey(image), 0, 1)) for scan, image in zip(scans, images, strict=True)]
    inside = [scan > BACKGROUND for scan, _ in pairs]
    real, made = (
        np.concatenate([mscn(pair[which])[part] for pair, part in zip(pairs, inside, strict=True)]) for which in (0, 1)
    )
    return {
        "SSIM": float(np.mean([metrics.compute("ssim", *pair) for pair in pairs])),
        "PSNR (dB)": float(np.mean([metrics.compute("psnr", *pair) for pair in pairs])),
        "distance of MSCN densities": float(stats.wasserstein_distance(real, made)) if len(real) else np.nan,
    }


def sweep(sharp: Sequence[np.ndarray], scans: Sequence[np.ndarray], scale: int) -> dict[str, list[float]]:
    """`similarity` of the blurred slices to the scan for every sigma of `SIGMAS`, as lists by measure."""
    found = []
    for sigma in SIGMAS:
        blur = Gaussian(scale=scale, grid="low", sigma=sigma)
        found.append(similarity(scans, [blur(np.asarray(image)) for image in sharp]))
    return {measure: [values[measure] for values in found] for measure in MEASURES}


@styled
def draw(curves: Mapping[str, Mapping[str, Sequence[float]]], others: Mapping[str, Mapping[str, float]]) -> Figure:
    """One panel for each measure: a curve for each scan, with its best sigma, and a line for each other degradation.

    Parameters
    ----------
    curves : {scan: {measure: values for SIGMAS}}
    others : {degradation: {measure: value}}
        Similarity of the other degradations to the first scan.
    """
    styles = looks([*curves, *others])
    rows, columns = legend_grid([*curves, *others])
    figure = Figure(figsize=(PAGE, HEIGHT + rows * LEGEND_ROW), layout="constrained")
    for ax, (measure, best) in zip(figure.subplots(1, len(MEASURES)), MEASURES.items(), strict=True):
        chosen = []
        for name, values in curves.items():
            ax.plot(SIGMAS, values[measure], color=styles[name].colour, label=f"Gaussian, against {name}")
            at = values[measure].index(best(values[measure]))
            ax.plot(SIGMAS[at], values[measure][at], "o", color=styles[name].colour, markersize=3)
            chosen.append(f"{SIGMAS[at]:g}")
        for name, values in others.items():
            ax.axhline(values[measure], color=styles[name].colour, linestyle="--", label=name)
        for sigma in (USUAL, PAPER):
            ax.axvline(sigma, color="0.6", linewidth=0.6, linestyle=":")
        ax.set(xlabel="sigma (pixels of the slice)", ylabel=measure, title=f"best sigma: {', '.join(chosen)}")
        ax.grid(True)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=columns)
    return figure


def sweep_table(curves: Mapping[str, Mapping[str, Sequence[float]]]) -> pd.DataFrame:
    """The curves as rows: ``scan``, ``sigma``, `COLUMNS`, and ``best``, the columns with their best value there."""
    rows = []
    for scan, values in curves.items():
        chosen = {COLUMNS[measure]: values[measure].index(best(values[measure])) for measure, best in MEASURES.items()}
        for at, sigma in enumerate(SIGMAS):
            row = {"scan": scan, "sigma": sigma, **{COLUMNS[measure]: values[measure][at] for measure in MEASURES}}
            rows.append({**row, "best": " ".join(column for column, place in chosen.items() if place == at)})
    return pd.DataFrame(rows)


def likeness_table(
    scans: Mapping[str, Sequence[np.ndarray]], others: Mapping[str, Sequence[np.ndarray]]
) -> pd.DataFrame:
    """`similarity` of the slices of each other degradation to each scan: ``scan``, ``degradation`` and `COLUMNS`."""
    rows = [
        {"scan": scan, "degradation": name}
        | {COLUMNS[measure]: value for measure, value in similarity(real, images).items()}
        for scan, real in scans.items()
        for name, images in others.items()
    ]
    return pd.DataFrame(rows, columns=["scan", "degradation", *COLUMNS.values()])


class SigmaSweep:
    """How similar Gaussian blurs are to the low-resolution scan, by sigma (realistic-downsampling)."""

    CATEGORY = "Degradations"
    ALWAYS = False
    READS = ("scan_slices",)
    FOR_EACH = ()
    OPTIONS = {}
    NUMBERS = ("sigma_sweep.csv", "scan_likeness.csv")

    @staticmethod
    def numbers(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
        """The tables of a job by their names: the sweep, and the other degradations."""
        sharp = load_slices(reads["slices"])[0]
        degraded = {name: load_slices(path)[0] for name, path in reads["degraded"].items()}
        scans = {name: [degraded[name][index] for index in sharp] for name in settings["scans"]}
        curves = {name: sweep(list(sharp.values()), scan, settings["scale"]) for name, scan in scans.items()}
        others = {name: [images[index] for index in sharp] for name, images in degraded.items() if name not in scans}
        tables = {SWEEP: sweep_table(curves), LIKENESS: likeness_table(scans, others)}
        return {name: _noted(table, settings) for name, table in tables.items()}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The figure of a job, drawn from its ``numbers``: file name without suffix, and figure."""
        swept, compared = reads["numbers"][SWEEP], reads["numbers"][LIKENESS]
        curves = {
            scan: {measure: swept.loc[swept["scan"] == scan, column].to_list() for measure, column in COLUMNS.items()}
            for scan in settings["scans"]
        }
        rows = compared[compared["scan"] == settings["scans"][0]].to_dict("records")
        others = {row["degradation"]: {measure: row[column] for measure, column in COLUMNS.items()} for row in rows}
        (name,) = settings["pictures"]
        yield name, draw(curves, others)


def _noted(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The table with its subject, and a remark where no real scan is behind a row."""
    stands_in = table["scan"].isin(settings["simulated"])
    remarks = np.where(stands_in, "no real scan, the hidden degradation stands in", "")
    noted = table.assign(note=remarks)
    noted.insert(0, "subject", settings["subject"])
    return noted
