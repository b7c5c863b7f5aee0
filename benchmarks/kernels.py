"""Speed of the batched, composed DSGAN, and how well it finds known blurs of real slices.

    python benchmarks/kernels.py speed [--threads 2]
    python benchmarks/kernels.py recovery [--slices 2] [--iterations 3000]

Speed is a ratio within one run. The textbook form (tests/layered_gan.py: layer by layer, one slice at a time) and the
batched form take turns on the same cores. With one thread the processor's time is measured, which other work on the
machine disturbs less. Recovery needs `mrisr fetch pycortex-s1`. HR and LR slices show the same anatomy; the crops of
both are drawn independently.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from pathlib import Path

import numpy as np
import torch
from mrisr.errors import InputError
from mrisr.imaging.kernel import SIZE, apply, bicubic_kernel
from mrisr.kernels import estimate_report
from mrisr.kernels._gans import GANs
from mrisr.kernels._slices import prepared
from mrisr.kernels.dsgan import DSGAN
from mrisr.progress import Progress
from mrisr.training.execution import execution
from mrisr.volumes.readers import read_volume
from mrisr.volumes.slicing import slice_volume

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from layered_gan import LayeredGAN

VOLUME = Path("data/volumes/pycortex-s1.nii.gz")
BLURS = {"isotropic": (1.5, 1.5, 0), "anisotropic": (0.8, 1.8, 0), "rotated": (0.8, 1.8, 35)}
"""Standard deviations in HR pixels along two perpendicular directions, and by how many degrees these are turned."""
SEEDS = (0, 1, 2)
ROUNDS = 5


def gaussian(first: float, second: float, degrees: float) -> np.ndarray:
    """A Gaussian kernel [13, 13] about (6.5, 6.5) that sums to 1."""
    rows, columns = np.meshgrid(*[np.arange(SIZE) - SIZE / 2] * 2, indexing="ij")
    angle = np.deg2rad(degrees)
    along = np.cos(angle) * rows + np.sin(angle) * columns
    across = np.cos(angle) * columns - np.sin(angle) * rows
    kernel = np.exp(-(along**2) / (2 * first**2) - across**2 / (2 * second**2))
    return kernel / kernel.sum()


def real_slices(count: int) -> list[np.ndarray]:
    """Evenly spaced axial slices [256, 256] of a human head."""
    if not VOLUME.exists():
        raise InputError(f"{VOLUME}: is not there; run `mrisr fetch pycortex-s1` first")
    # The first and the last of the slices that are not empty show little of the head.
    slices, _ = slice_volume(read_volume(VOLUME), multiple=2, count=count + 2)
    return [image[0] for image in list(slices.values())[1:-1]]


def speed(threads: int, batch: int, iterations: int) -> None:
    """Milliseconds of an iteration for one slice in both forms: the fastest of a few rounds that take turns."""
    hr = real_slices(1)[0]
    lr = apply(hr, gaussian(*BLURS["isotropic"]))
    settings = DSGAN(scale=2).settings
    slices = prepared([hr] * batch, [lr] * batch, 0, range(batch))
    with execution(threads=threads, device="cpu") as device:
        layered, batched = LayeredGAN(slices[0], settings), GANs(slices, settings, device)
        best = {layered: float("inf"), batched: float("inf")}
        clock = time.process_time if threads == 1 else time.perf_counter
        position = 0
        for _ in range(ROUNDS):
            for form in best:
                began = clock()
                for iteration in range(position, position + iterations):
                    form.step(iteration)
                best[form] = min(best[form], (clock() - began) / iterations)
            position += iterations
    print(f"{threads} threads; milliseconds of an iteration for one slice (fastest of {ROUNDS} rounds), slices an hour")
    forms = {
        "layer by layer, slice by slice": best[layered],
        f"composed, {batch} slices at once": best[batched] / batch,
    }
    for name, seconds in forms.items():
        hourly = 3600 / (settings.iterations * seconds)
        print(f"{name:32s} {1e3 * seconds:8.2f} {hourly:8.0f} {best[layered] / seconds:7.1f} x")


def recovery(count: int, iterations: int, threads: int) -> None:
    """Estimate every blur of every slice with every seed, and print medians with the least and the greatest."""
    images = real_slices(count)
    runs = [(blur, index) for blur in BLURS for index in range(count)]
    hr, truths = [images[index] for _, index in runs], [gaussian(*BLURS[blur]) for blur, _ in runs]
    lr = [apply(image, truth) for image, truth in zip(hr, truths, strict=True)]
    began, failed, found = time.process_time(), 0, []
    for seed in SEEDS:
        with execution(threads=threads) as device:
            report = estimate_report(
                "dsgan",
                hr,
                lr,
                scale=2,
                seed=seed,
                slice_ids=[f"{blur}/{index}" for blur, index in runs],
                iterations=iterations,
                device=device.type,
                progress=lambda total, done, seed=seed: Progress(f"seed {seed}", total, start=done, every=60),
            )
        report.require_all()
        failed += sum(map(len, report.failures))
        found += [compare(*three) for three in zip(report.kernels, truths, hr, strict=True)]
    print(f"{count} slices, {len(SEEDS)} seeds, {iterations} iterations, {threads} threads, {device.type}; ", end="")
    print(f"{time.process_time() - began:.0f} s of CPU, {failed} attempts failed; median [least, greatest] of")
    print("blur          similarity            PSNR, dB              PSNR by bicubic       better by, dB")
    table = np.array(found).reshape(len(SEEDS), len(BLURS), -1, 4)
    for position, blur in enumerate(BLURS):
        print_row(blur, table[:, position])
    print_row("all", table)


def print_row(name: str, values: np.ndarray) -> None:
    """Median, least and greatest of each of the last axis's four measures."""
    columns = values.reshape(-1, 4).T
    cells = [
        f"{np.median(column):.{digits}f} [{column.min():.{digits}f}, {column.max():.{digits}f}]"
        for column, digits in zip(columns, (3, 1, 1, 1), strict=True)
    ]
    print(f"{name:13s} " + "".join(f"{cell:22s}" for cell in cells))


def compare(kernel: np.ndarray, truth: np.ndarray, hr: np.ndarray) -> tuple[float, float, float, float]:
    """Cosine similarity of the kernels; PSNR (dB) of the LR image by the estimate and by bicubic; their difference."""
    similarity = np.sum(kernel * truth) / np.sqrt(np.sum(kernel**2.0) * np.sum(truth**2))
    target = apply(hr, truth)
    estimated, bicubic = (-10 * np.log10(np.mean((apply(hr, k) - target) ** 2)) for k in (kernel, bicubic_kernel()))
    return float(similarity), float(estimated), float(bicubic), float(estimated - bicubic)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["speed", "recovery"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slices", type=int, default=2, help="slices of the head (recovery)")
    parser.add_argument("--batch", type=int, default=16, help="slices that train at once (speed)")
    parser.add_argument("--iterations", type=int, help="3000 (recovery), 10 a round (speed)")
    given = parser.parse_args()
    print(f"{platform.machine()}, torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    if given.what == "speed":
        speed(given.threads, given.batch, given.iterations or 10)
    else:
        recovery(given.slices, given.iterations or 3000, given.threads)


if __name__ == "__main__":
    main()
