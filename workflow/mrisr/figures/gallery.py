"""What each degradation does to one slice: the image, a detail, the difference to the original, the spectrum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mrisr.arrays import Cache, load_slices, stored_slices
from mrisr.imaging.orientation import orient, pixel_aspect

from ._shown import chosen_slice
from ._style import styled
from ._tiles import Box, Tiles, brightest, grey, mark, picture, zoom

MOST = 7
ZOOM = 0.25
"""Side of the detail, as a fraction of the slice's shorter side."""
DECADES = 5
"""Decades shown in the spectra below the strongest component other than the mean."""
DIFFERENCE_COLOURS, SPECTRUM_COLOURS = "RdBu_r", "magma"


@styled
def draw(
    original: np.ndarray,
    degraded: Mapping[str, np.ndarray],
    *,
    scale: int,
    aspect: float = 1.0,
    box: Box | None = None,
) -> Figure:
    """The original in the first column, then one column per degradation.

    The difference is degraded minus original. On the low grid the original is averaged over ``scale`` x ``scale``
    blocks first. The spectrum is the logarithm of the magnitude of the discrete Fourier transform per pixel, with zero
    frequency in the middle. The dashed box is the band that a grid ``scale`` times coarser can hold.

    Parameters
    ----------
    original : ndarray
        [H, W] or [C, H, W] in [0, 1]. All images have to be oriented already.
    degraded : {degradation: ndarray}
        On the original's grid, or on the one ``scale`` times coarser.
    scale : int
        The factor of the study.
    aspect : float
        Height of a pixel divided by its width.
    box : (top, left, height, width), optional
        The detail, in pixels of the original; by default in the middle.
    """
    shape = original.shape[-2:]
    box = _middle(shape) if box is None else box
    images = {"original": original, **degraded}
    rows, white = ("slice", "detail", "difference", "spectrum"), brightest(original)
    tiles = Tiles(len(images), most=MOST, rows=rows, shape=shape, aspect=aspect, lines=1)
    for position, (name, image) in enumerate(images.items()):
        tiles.title(position, [name])
        ax = tiles.axes(position, 0)
        picture(ax, image, shape, white)
        mark(ax, box)
        zoom(tiles.axes(position, 1), image, shape, white, box)
    _draw_differences(tiles, list(images.values()))
    _draw_spectra(tiles, list(images.values()), scale)
    return tiles.figure


class Gallery:
    """What each degradation does to one slice: the image, a detail, the difference to the original, the spectrum."""

    CATEGORY = "Pictures"
    ALWAYS = True
    READS = ("test_slices",)
    FOR_EACH = ()
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The gallery of a job: file name without suffix, and figure."""
        index = chosen_slice(stored_slices(reads["slices"], Cache(0)), settings)
        slices, metadata = load_slices(reads["slices"], [index])
        affine, axis = metadata["affine"], metadata["axis"]
        degraded = {name: load_slices(path, [index])[0][index] for name, path in reads["degraded"].items()}
        turned = {name: orient(image, affine, axis) for name, image in degraded.items()}
        (name,) = settings["pictures"]
        original = orient(slices[index], affine, axis)
        yield name, draw(original, turned, scale=settings["scale"], aspect=pixel_aspect(affine, axis))


def _draw_differences(tiles: Tiles, images: list[np.ndarray]) -> None:
    """Differences of all images to the first, on one common scale."""
    differences = [_difference(image, images[0]) for image in images[1:]]
    largest = max((np.percentile(np.abs(difference), 99.5) for difference in differences), default=0.0) or 1.0
    norm, extent = Normalize(-largest, largest), (0, images[0].shape[-1], images[0].shape[-2], 0)
    for position, difference in enumerate(differences, start=1):
        tiles.axes(position, 2).imshow(difference, cmap=DIFFERENCE_COLOURS, norm=norm, extent=extent, aspect="auto")
    tiles.colour_bar(2, norm, DIFFERENCE_COLOURS, "difference", extend="both")


def _draw_spectra(tiles: Tiles, images: list[np.ndarray], scale: int) -> None:
    """Spectra of all images, on the scale of the first one."""
    norm = _spectrum_norm(_spectrum(images[0]))
    for position, image in enumerate(images):
        coarser = images[0].shape[-2] / image.shape[-2]
        _draw_spectrum(tiles.axes(position, 3), _spectrum(image), norm, coarser=coarser, scale=scale)
    tiles.colour_bar(3, norm, SPECTRUM_COLOURS, "log10 magnitude", extend="both")


def _middle(shape: tuple[int, int]) -> Box:
    """A part in the middle with the proportions of the slice, so that it fills its tile undistorted."""
    height, width = (max(4, round(ZOOM * side)) for side in shape)
    return (shape[0] - height) // 2, (shape[1] - width) // 2, height, width


def _difference(image: np.ndarray, original: np.ndarray) -> np.ndarray:
    """Degraded minus original, [h, w]. If the degraded image is coarser, the original is averaged over blocks."""
    image, original = grey(image), grey(original)
    (height, width), blocks = image.shape, original.shape[0] // image.shape[0]
    means = original[: height * blocks, : width * blocks].reshape(height, blocks, width, blocks).mean(axis=(1, 3))
    return image - means


def _spectrum(image: np.ndarray) -> np.ndarray:
    """Logarithm (base 10) of the magnitude per pixel, with zero frequency in the middle; minus infinity for zero."""
    image = grey(image)
    with np.errstate(divide="ignore"):
        return np.log10(np.abs(np.fft.fftshift(np.fft.fft2(image))) / image.size)


def _spectrum_norm(spectrum: np.ndarray) -> Normalize:
    """Range from the strongest component other than the mean downwards. The mean alone would take two decades."""
    finite = np.sort(spectrum[np.isfinite(spectrum)])
    highest = float(finite[-2]) if len(finite) > 1 else 0.0
    return Normalize(highest - DECADES, highest)


def _draw_spectrum(ax: Axes, spectrum: np.ndarray, norm: Normalize, *, coarser: float, scale: int) -> None:
    """Draw a spectrum in cycles per pixel of the original. A grid ``coarser`` times coarser holds less of the band."""
    (height, width), half = spectrum.shape, 0.5 / coarser
    # The lowest frequency is at the centre of the first pixel, not at its edge.
    right, down = half * (1 - 1 / width), half * (1 - 1 / height)
    extent = (right - 2 * half, right, down, down - 2 * half)
    ax.set_facecolor("black")
    ax.imshow(np.maximum(spectrum, norm.vmin), cmap=SPECTRUM_COLOURS, norm=norm, extent=extent, aspect="auto")
    ax.set(xlim=(-0.5, 0.5), ylim=(0.5, -0.5))
    band = Rectangle((-0.5 / scale, -0.5 / scale), 1 / scale, 1 / scale, fill=False, edgecolor="white", linestyle="--")
    band.set_linewidth(0.7)
    ax.add_patch(band)
