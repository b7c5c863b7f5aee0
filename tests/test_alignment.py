"""No degradation shifts the image: the centre of low-grid pixel j is that of its block, (j + 0.5) s - 0.5."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import degradations, plugins
from scipy.special import erf

LEARNED = [n for n in degradations.available() if getattr(plugins.load("degradations", n), "LEARNED", False)]
"""Tested with what they have learned in tests/test_estimated.py."""
NAMES = [name for name in degradations.available() if name not in ("combine", *LEARNED)]
OPTIONS = {
    "gaussian_bicubic": {"sigma": 1.0},
    "hidden": {"displacement": 0.0, "contrast": 0.0, "noise": 0.0, "angle": 0.0},
    "noisy": {"snr": 1e12},
    "partial_fourier": {"fraction": 1.0},
    "randomised": {"sigma": (0.0, 0.0), "noise": (0.0, 0.0), "kept": (1.6, 1.6)},
}
"""What moves the image at random is left out, and what is oblique for the sake of mirrored images. Lines that partial
Fourier leaves out give an image a one-sided phase and wide tails; tests/test_degradations.py says where it stays. A
blur of 2 pixels and a resampling, or a narrow window twice, reach from the plateau's end into its interior."""
PROTOCOLS = [("same", 2), ("same", 3), ("same", 4), ("low", 2), ("low", 3), ("low", 4)]
HEIGHT, WIDTH = 144, 120

pytestmark = [pytest.mark.parametrize("name", NAMES), pytest.mark.parametrize(("grid", "scale"), PROTOCOLS)]


def build(name: str, scale: int, grid: str):
    """The degradation without its random parts."""
    return degradations.build(name, scale=scale, grid=grid, **OPTIONS.get(name, {}))


def centres(n: int, grid: str, scale: int, name: str = "") -> np.ndarray:
    """Positions on the high-resolution grid that the degraded image's pixels stand for."""
    if name == "box" and grid == "same":
        return ((np.arange(n // scale) + 0.5) * scale - 0.5).repeat(scale)
    return np.arange(n) if grid == "same" else (np.arange(n // scale) + 0.5) * scale - 0.5


def blob(row: float, column: float) -> np.ndarray:
    """A Gaussian of sigma 8 pixels: smooth enough for every low pass, far enough from the border to be periodic."""
    rows, columns = np.arange(HEIGHT)[:, None] - row, np.arange(WIDTH) - column
    return np.exp(-(rows**2 + columns**2) / 128).astype(np.float32)


def plateau(n: int) -> np.ndarray:
    """1 in the middle, 0 at both ends, with edges smooth enough for every low pass."""
    x = np.arange(n) - (n - 1) / 2
    return (erf((x + n / 3) / 8) - erf((x - n / 3) / 8)) / 2


@pytest.mark.parametrize("place", [(64.3, 57.9), (77.5, 60.0)])
def test_a_blob_keeps_its_centre_of_mass(name, grid, scale, place):
    degraded = build(name, scale, grid)(blob(*place)).astype(np.float64)
    found = [
        np.sum(degraded.sum(axis=1 - axis) * centres(n, grid, scale)) / degraded.sum()
        for axis, n in enumerate((HEIGHT, WIDTH))
    ]
    np.testing.assert_allclose(found, place, atol=2e-3)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_ramp_keeps_its_value_in_the_interior(name, grid, scale, axis):
    shape = (HEIGHT, WIDTH)
    position = np.expand_dims(np.arange(shape[axis]), 1 - axis) / shape[axis]
    ramp = position * plateau(HEIGHT)[:, None] * plateau(WIDTH)
    degraded = build(name, scale, grid)(ramp.astype(np.float32))
    inside = [np.abs(centres(n, grid, scale) - (n - 1) / 2) < n / 8 for n in shape]
    found = degraded[np.ix_(*inside)]
    expected = np.expand_dims(centres(shape[axis], grid, scale, name)[inside[axis]], 1 - axis) / shape[axis]
    # A shift of a hundredth of a pixel would be 7e-5.
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_image_degrades_to_the_mirrored_result(name, grid, scale, axis):
    operator = build(name, scale, grid)
    image = np.random.default_rng(0).random((36, 48), dtype=np.float32)
    np.testing.assert_allclose(operator(np.flip(image, axis)), np.flip(operator(image), axis), atol=1e-6)
