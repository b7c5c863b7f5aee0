"""Picture of how a real low-resolution scan was prepared: denoising on its own grid, resampling, registration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from mrisr.imaging.loaded import LoadedVolume
from mrisr.imaging.orientation import orient, pixel_aspect
from mrisr.registration.picture import checkerboards
from mrisr.registration.prepare import Prepared

from ._style import PAGE, Figure, save, styled
from ._tiles import brightest

TITLE = 0.1
"""Height in inches of the title above each picture."""
DISPLACEMENT_COLOURS, NOISE_COLOURS = "viridis", "RdBu_r"


def write(prepared: Prepared, index: int, stem: Path) -> None:
    """Write the picture of a slice, as PNG and as SVG."""
    save(draw(prepared, index=index), stem)


@styled
def draw(prepared: Prepared, *, index: int) -> Figure:
    """Draw two rows of pictures.

    The upper row shows the reference, and its checkerboards with the scan before and after registration. The lower row
    shows the displacement, the scan, and what denoising removed.

    The reference is the high-resolution scan averaged over blocks. "Before" is the scan resampled to the low grid by
    both headers. The displacement is shown by its length in plane. The scan is shown on its own grid, in the slice
    nearest to the middle of the reference's slice. What denoising removed is the scan minus the denoised scan.

    Parameters
    ----------
    prepared : Prepared
    index : int
        Slice of the high-resolution scan.
    """
    registered, axis = prepared.registered, prepared.axis
    reference = registered.reference
    boards = checkerboards(registered, axis=axis, index=index)
    measured = _nearest(prepared, index)
    scan, denoised = (volume.array.take(measured, prepared.scan_axis) for volume in (prepared.scan, prepared.denoised))
    grid, own = (reference, axis), (prepared.scan, prepared.scan_axis)
    shown = orient(reference.array.take(index, axis), reference.affine, axis)
    height = PAGE / 3 * pixel_aspect(reference.affine, axis) * shown.shape[0] / shown.shape[1]
    figure = Figure(figsize=(PAGE, 2 * (height + TITLE)), layout="constrained")
    (a, b, c), (d, e, f) = figure.subplots(2, 3)
    _grey(a, "reference", reference.array.take(index, axis), *grid)
    _grey(b, f"checkerboard before, similarity {registered.similarity_before:.2f}", boards.before, *grid)
    _grey(c, f"checkerboard after, similarity {registered.similarity:.2f}", boards.after, *grid)
    _map(d, "displacement (mm)", boards.displaced, *grid, (0, float(boards.displaced.max()) or 1.0))
    _grey(e, "scan as measured", scan, *own)
    removed, kind = scan - denoised, "not denoised" if prepared.denoised is prepared.scan else "taken out by denoising"
    largest = float(np.percentile(np.abs(removed), 99.5)) or 1.0
    _map(f, kind, removed, *own, (-largest, largest))
    return figure


def _nearest(prepared: Prepared, index: int) -> int:
    """Index of the scan's slice, on its own grid, that is nearest to the middle of the reference's slice."""
    reference, scan, axis = prepared.registered.reference, prepared.scan, prepared.scan_axis
    middle = (np.array(reference.array.shape) - 1) / 2
    middle[prepared.axis] = index
    place = reference.affine @ [*middle, 1]
    return int(np.clip(np.rint((np.linalg.inv(scan.affine) @ place)[axis]), 0, scan.array.shape[axis] - 1))


def _grey(ax: Axes, title: str, image: np.ndarray, volume: LoadedVolume, axis: int) -> None:
    low = float(image.min())
    _show(ax, title, image - low, volume, axis, cmap="gray", vmin=0, vmax=brightest(image - low))


def _map(ax: Axes, title: str, image: np.ndarray, volume: LoadedVolume, axis: int, limits: tuple[float, float]) -> None:
    colours = DISPLACEMENT_COLOURS if limits[0] == 0 else NOISE_COLOURS
    shown = _show(ax, title, image, volume, axis, cmap=colours, vmin=limits[0], vmax=limits[1])
    bar = ax.figure.colorbar(shown, ax=ax, shrink=0.8, pad=0.02)
    bar.outline.set_linewidth(0.4)


def _show(ax: Axes, title: str, image: np.ndarray, volume: LoadedVolume, axis: int, **look):
    ax.set(xticks=[], yticks=[], title=title)
    return ax.imshow(orient(image, volume.affine, axis), aspect=pixel_aspect(volume.affine, axis), **look)
