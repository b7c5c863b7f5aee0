"""How time and memory of each stage grow with the number of volumes, of slices, and of pixels.

A study is run with one, two and four times the data along each axis (`stages`). Time is the processor time of the jobs
of a stage together. Memory is the most that one of its jobs adds to what the process has before. The number of training
steps is the study's, so training takes the same time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from benchmarks.kept import ROOT, Kept, machine, markdown

sys.path.insert(0, str(ROOT / "tests"))
from project import Project, phantom

SIDE, SLICES, VOLUMES = 128, 64, 1
"""Of the smallest study: pixels along a side, slices of a volume, volumes for training and for testing (each)."""
AXES = {
    "volumes": [{"volumes": n * VOLUMES} for n in (1, 2, 4)],
    "slices": [{"slices": n * SLICES} for n in (1, 2, 4)],
    "pixels": [{"side": side} for side in (128, 180, 256)],
}
COLOURS = 10
"""Stages with colours of their own in the picture. Further ones have another marker."""
TITLES = {"volumes": "volumes", "slices": "slices of a volume", "pixels": "pixels of a slice"}
CONFIG = {
    "study": "growth",
    "volumes": "data/volumes.tsv",
    "slices": {"axis": 2, "minimum": 16},
    "protocol": {"grid": "low", "scales": [2]},
    "degradations": {
        "gaussian": {"sigma": 1.0},
        "median": {"size": 3},
        "lr": {"kind": "hidden"},
        "spectral": {"kind": "estimated"},
    },
    "kernels": {"spectral": {"source": "lr"}},
    "training_sets": ["gaussian"],
    "test_sets": ["gaussian", "lr", "spectral"],
    "architectures": {"srcnn": {"features": [16, 8], "skip": True}},
    "losses": ["mse"],
    "training": {"epochs": 1, "steps_per_epoch": 100, "batch": 8, "patch": 48},
    "evaluation": {"metrics": ["psnr", "ssim", "nrmse", "hfen"], "baselines": ["bicubic"]},
    "figures": {"box_metric": "psnr"},
}
PROGRAM = ROOT / "benchmarks/stages.py"


def table(kept: Kept, picture: Path) -> str:
    """The table of README.md. Also draws the picture."""
    found = {
        axis: [kept.get(f"stages with {_named(size)}", lambda size=size: _measured(**size)) for size in sizes]
        for axis, sizes in AXES.items()
    }
    _draw(found, picture)
    stages = list(found["volumes"][0])
    columns = ["stage", "s"]
    for axis in AXES:
        columns += [f"time with 4 x the {axis}", f"memory, MB, with 1 and 4 x the {axis}"]
    rows = []
    for stage in stages:
        row: list[Any] = [stage, found["volumes"][0][stage][0]]
        for sizes in found.values():
            (first, before), (last, after) = sizes[0][stage], sizes[-1][stage]
            row += [f"{last / first:.2g} x", f"{before:.0f}, {after:.0f}"]
        rows.append(row)
    return f"{machine()}, one thread, processor time, medians of three.\n\n{markdown(columns, rows)}"


def _named(size: dict[str, int]) -> str:
    sizes = {"volumes": VOLUMES, "slices": SLICES, "side": SIDE} | size
    return "{volumes} + {volumes} + 1 volumes of {slices} slices of {side} x {side} pixels".format(**sizes)


def _measured(volumes: int = VOLUMES, slices: int = SLICES, side: int = SIDE) -> dict[str, list[float]]:
    """Processor seconds and added megabytes of each stage."""
    subjects = {f"train{n}": "train" for n in range(volumes)} | {"validation": "validation"}
    subjects |= {f"test{n}": "test" for n in range(volumes)}
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), CONFIG, {})
        for number, subject in enumerate(subjects):
            array = phantom(number, (side, side, slices)) + np.random.default_rng(number).random((side, side, slices))
            nibabel.save(nibabel.Nifti1Image(array.astype(np.float32), np.eye(4)), Path(folder, f"data/{subject}.nii"))
        project.write_manifest(subjects)
        environment = {**project.environment, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
        command = [sys.executable, str(PROGRAM)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"a job of the growing study failed:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.splitlines()[-1])


def _draw(found: dict[str, list[dict[str, list[float]]]], picture: Path) -> None:
    """Time and memory of each stage against the amount of data."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, len(found), figsize=(9, 5.6), layout="constrained", sharex=True, sharey="row")
    for column, (axis, sizes) in enumerate(found.items()):
        for row, label in enumerate(("processor time, s", "memory added, MB")):
            ax = axes[row, column]
            for number, stage in enumerate(sizes[0]):
                values = [size[stage][row] for size in sizes]
                marker = "s" if number >= COLOURS else "o"
                ax.plot((1, 2, 4), values, f"C{number % COLOURS}", marker=marker, markersize=3, label=stage)
            ax.set(xscale="log", yscale="log" if row == 0 else "linear", xticks=(1, 2, 4), xticklabels=("1", "2", "4"))
            ax.minorticks_off()
            ax.grid(True, linewidth=0.3)
            if column == 0:
                ax.set_ylabel(label)
            if row == 0:
                ax.set_yticks((0.1, 0.3, 1, 3, 10), ("0.1", "0.3", "1", "3", "10"))
        low = axes[0, column].get_ylim()[0]
        axes[0, column].plot((1, 4), (low * 1.5, low * 6), "k:", label="linear")
        axes[0, column].set_title(TITLES[axis])
        axes[1, column].set_xlabel("times the data")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    figure.savefig(picture, dpi=120, metadata={"Software": None})
    plt.close(figure)
