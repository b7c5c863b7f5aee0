"""Which estimator finds random anisotropic blurs of real slices: DSGAN, a spectral or a parametric one?

    python benchmarks/blurs.py [--methods spectral gaussian_fit] [--seeds 3]

Draws are made as those of DIV2KRK (Bell-Kligler et al. 2019). The protocol stands in benchmarks/README.md and was
written before any result. Needs `mrisr fetch` of the human volumes. Writes one row a line, as CSV, to the output.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from mrisr.errors import InputError
from mrisr.imaging.kernel import SIZE, apply
from mrisr.kernels import estimate_report
from mrisr.training.execution import execution
from mrisr.volumes.readers import read_volume
from mrisr.volumes.slicing import slice_volume
from scipy import ndimage

VOLUMES = ("pycortex-s1", "colin27", "pydeface-ds000031")
METHODS = ("dsgan", "spectral", "gaussian_fit")
SEED, DRAWS = 2019, 10
VARIANCE = (0.6, 5.0)
"""Range of the variances along the two axes, HR pixels squared."""
UNEVEN = 0.25
"""Each tap is multiplied by a factor drawn from 1 - UNEVEN to 1 + UNEVEN."""
DISPLACEMENT, SMOOTHNESS, NOISE = 0.5, 16.0, 0.005
"""The second condition: root mean square of a smooth displacement and its smoothness in HR pixels, and the noise."""


def draw(random: np.random.Generator) -> np.ndarray:
    """A random blur [13, 13] about (6.5, 6.5) that sums to 1."""
    variances, angle = random.uniform(*VARIANCE, 2), random.uniform(-np.pi, np.pi)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    inverse = axes @ np.diag(1 / variances) @ axes.T
    places = np.stack(np.meshgrid(*[np.arange(SIZE) - SIZE / 2] * 2, indexing="ij"))
    kernel = np.exp(-0.5 * np.einsum("iab,ij,jab->ab", places, inverse, places))
    kernel *= random.uniform(1 - UNEVEN, 1 + UNEVEN, kernel.shape)
    return kernel / kernel.sum()


def disturbed(image: np.ndarray, kernel: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The low-resolution image of a displaced slice, with Rician noise."""
    field = [ndimage.gaussian_filter(random.standard_normal(image.shape), SMOOTHNESS) for _ in range(2)]
    field = [DISPLACEMENT * part / np.sqrt(np.mean(part**2)) for part in field]
    moved = ndimage.map_coordinates(image.astype(np.float64), np.indices(image.shape) + field, order=3, mode="mirror")
    low = apply(moved, kernel)
    real, imaginary = random.normal(0, NOISE, (2, *low.shape))
    return np.hypot(low + real, imaginary).astype(np.float32)


def measures(kernel: np.ndarray, truth: np.ndarray, hr: np.ndarray) -> dict[str, float]:
    """PSNR (dB) of the LR image, similarity of the kernels, distance of the centres, ratio of the widths."""
    error = np.mean((apply(hr, kernel) - apply(hr, truth)) ** 2)
    (centre, width), (right, wide) = moments(kernel), moments(truth)
    return {
        "psnr": -10 * np.log10(error),
        "similarity": np.sum(kernel * truth) / np.sqrt(np.sum(kernel**2.0) * np.sum(truth**2)),
        "centre": np.hypot(*(centre - right)),
        "width": width / wide,
    }


def moments(kernel: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre of mass, and the root mean square distance of the magnitude from it, pixels."""
    places, weights = np.indices(kernel.shape), np.abs(kernel) / np.abs(kernel).sum()
    centre = (places * (kernel / kernel.sum())).sum(axis=(1, 2))
    return centre, np.sqrt((weights * ((places - centre[:, None, None]) ** 2).sum(axis=0)).sum())


def real_slices() -> list[np.ndarray]:
    """One axial slice for each draw, from the volumes in turn, all different."""
    found, each = [], -(-DRAWS // len(VOLUMES))
    for name in VOLUMES:
        path = Path(f"data/volumes/{name}.nii.gz")
        if not path.exists():
            raise InputError(f"{path}: is not there; run `mrisr fetch {name}` first")
        slices, _ = slice_volume(read_volume(path), multiple=2, count=each + 2)
        found.append([image[0] for image in list(slices.values())[1:-1]])
    return [found[number % len(VOLUMES)][number // len(VOLUMES)] for number in range(DRAWS)]


def main() -> None:
    """Estimate, and print a row for each method, condition, seed and draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seeds", type=int, default=3, help="seeds of a method that is random")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    random = np.random.default_rng(SEED)
    truths, hr = [draw(random) for _ in range(DRAWS)], real_slices()
    conditions = {
        "registered": [apply(image, truth) for image, truth in zip(hr, truths, strict=True)],
        "disturbed": [disturbed(image, truth, random) for image, truth in zip(hr, truths, strict=True)],
    }
    print("method,condition,seed,draw,status,psnr,similarity,centre,width")
    for method in given.methods:
        for condition, low in conditions.items():
            for seed in range(given.seeds if method == "dsgan" else 1):
                with execution(threads=given.threads, device="cpu"):
                    report = estimate_report(method, hr, low, scale=2, seed=seed, slice_ids=range(DRAWS))
                for number, (kernel, status) in enumerate(zip(report.kernels, report.status, strict=True)):
                    good = status == "estimated"
                    numbers = measures(kernel, truths[number], hr[number]).values() if good else [np.nan] * 4
                    cells = [method, condition, seed, number, status, *(f"{value:.4g}" for value in numbers)]
                    print(",".join(map(str, cells)))
                sys.stdout.flush()


if __name__ == "__main__":
    main()
