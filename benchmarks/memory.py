"""Peak memory of every stage for volumes of 720 x 512 x 360. Shows that it does not grow with the number of volumes.

    python benchmarks/memory.py

A study is run with one and with three training volumes (three and five in all, int16 NIfTI of 265 MB each). Each stage
is run by its own verb. The peak is the largest resident set of the process. Needs 20 GB under $TMPDIR.
"""

from __future__ import annotations

import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nibabel
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from project import Project, phantom

SHAPE = (720, 512, 360)
CONFIG = {
    "study": "memory",
    "volumes": "data/volumes.tsv",
    "slices": {"axis": 2, "count": {"test": 20, "validation": 20}},
    "degradations": {"hanning": {}, "median": {"size": 3}},
    "training_sets": ["hanning"],
    "architectures": {
        "srcnn": {},
        "srdensenet": {"features": 8, "blocks": 2, "layers": 3, "growth": 4, "bottleneck": 16},
        "rrdbnet": {"features": 16, "blocks": 1, "growth": 8, "unshuffle": 2},
    },
    "losses": ["mse"],
    "training": {"epochs": 1, "steps_per_epoch": 150, "batch": 16, "patch": 48},
    "evaluation": {"metrics": ["psnr", "ssim", "nrmse", "hfen"]},
}


def large(seed: int) -> np.ndarray:
    """A volume of `SHAPE`, int16: a small phantom enlarged, with noise so that no voxels are alike."""
    small = phantom(seed)
    volume = np.empty(SHAPE, np.int16)
    rows, columns = (np.arange(SHAPE[n]) * small.shape[n] // SHAPE[n] for n in (0, 1))
    noise = np.random.default_rng(seed)
    for index in range(SHAPE[2]):
        plane = small[np.ix_(rows, columns)][..., index * small.shape[2] // SHAPE[2]]
        volume[..., index] = plane + noise.normal(0, 5, plane.shape)
    return volume


def write_volume(path: Path, seed: int) -> None:
    """Write a volume in another process. Otherwise this process would grow, and later children would start as large."""
    with ProcessPoolExecutor(1) as pool:
        pool.submit(_write, path, seed).result()


def _write(path: Path, seed: int) -> None:
    nibabel.save(nibabel.Nifti1Image(large(seed), np.eye(4)), path)


def peak_mb(project: Project, *command: str) -> float:
    """Largest resident set of a command, MB."""
    with (project.folder / "output.log").open("w") as log:
        process = project.start(*command, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{(project.folder / 'output.log').read_text()}")
    return usage.ru_maxrss / 1024


def measure(training_volumes: int, folder: Path) -> dict[str, float]:
    """Peak of each stage, MB: the largest of its jobs."""
    subjects = {f"train{number}": "train" for number in range(training_volumes)}
    subjects |= {"validation": "validation", "test": "test"}
    project = Project(folder, CONFIG, {})
    for subject in subjects:
        kind = 0 if subject.startswith("train") else len(subject)
        write_volume(folder / f"data/{subject}.nii", kind)
    project.write_manifest(subjects)
    scale, names = ("--scale", "2"), ("--loss", "mse", "--training-set", "hanning")
    peaks = {"check": peak_mb(project, "mrisr", "check")}
    peaks["slice"] = max(peak_mb(project, "mrisr", "slice", "--subject", subject) for subject in subjects)
    for degradation in CONFIG["degradations"]:
        command = ("mrisr", "degrade", *scale, "--degradation", degradation, "--subject")
        peaks[f"degrade {degradation}"] = max(peak_mb(project, *command, subject) for subject in subjects)
    for architecture in CONFIG["architectures"]:
        for verb in ("train", "evaluate"):
            command = ("mrisr", verb, *scale, "--architecture", architecture, *names)
            peaks[f"{verb} {architecture}"] = peak_mb(project, *command)
    peaks["baseline input"] = peak_mb(project, "mrisr", "evaluate", *scale, "--baseline", "input")
    peaks["tabulate"] = peak_mb(project, "mrisr", "tabulate")
    for figure in ("panel", "gallery", "heatmap"):
        peaks[f"figures {figure}"] = peak_mb(project, "mrisr", "figures", figure, *scale)
    return peaks


def main() -> None:
    """Measure and print the table."""
    peaks = []
    for training_volumes in (1, 3):
        with tempfile.TemporaryDirectory() as folder:
            peaks.append(measure(training_volumes, Path(folder)))
    print(
        f"volumes of {' x '.join(map(str, SHAPE))}; peak resident memory, MB, with 3 and with 5 volumes, and the ratio"
    )
    for stage, few in peaks[0].items():
        print(f"{stage:24} {few:7.0f} {peaks[1][stage]:7.0f} {peaks[1][stage] / few:6.2f}")
    print(f"largest of all: {max(map(max, (p.values() for p in peaks))):.0f} MB")


if __name__ == "__main__":
    main()
