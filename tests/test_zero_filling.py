"""Zero-filling of k-space under a Fermi window, against numpy's transforms of the whole slice."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import degradations
from mrisr.errors import InputError

HEIGHT, WIDTH = 48, 60
ROW, COLUMN = np.arange(HEIGHT)[:, None], np.arange(WIDTH)


def fermi(k_row, k_column, half_row: float, half_column: float, cutoff: float = 0.9, width: float = 0.05):
    """The window of the methods, 1 at the centre, zero outside the rectangle of these half sides (samples)."""
    r = np.sqrt((k_row / half_row) ** 2 + (k_column / half_column) ** 2)
    kept = (np.abs(k_row) <= half_row) & (np.abs(k_column) <= half_column)
    return kept / (1 + np.exp((r - cutoff) / width)) * (1 + np.exp(-cutoff / width))


def reference(image: np.ndarray, half_row: float, half_column: float, **options) -> np.ndarray:
    """The whole complex transform times the window, transformed back."""
    k_row, k_column = np.fft.fftfreq(HEIGHT, 1 / HEIGHT)[:, None], np.fft.fftfreq(WIDTH, 1 / WIDTH)
    window = fermi(k_row, k_column, half_row, half_column, **options)
    result = np.fft.ifft2(np.fft.fft2(image.astype(np.float64)) * window)
    assert np.abs(result.imag).max() < 1e-12
    return result.real


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_zero_filled_slices_agree_with_a_transform_of_the_whole_slice(scale):
    image = np.random.default_rng(0).random((HEIGHT, WIDTH), dtype=np.float32)
    degraded = degradations.build("zero_filling", scale=scale, grid="same")(image)
    np.testing.assert_allclose(degraded, reference(image, HEIGHT / 2 / scale, WIDTH / 2 / scale), atol=1e-6)


def test_a_quarter_of_kspace_by_area_is_kept_at_scale_two():
    image = np.random.default_rng(1).random((HEIGHT, WIDTH), dtype=np.float32)
    default, quarter = (
        degradations.build("zero_filling", scale=scale, grid="same", **options)(image)
        for scale, options in ((2, {}), (3, {"area": 0.25}))
    )
    np.testing.assert_array_equal(default, quarter)
    kept = np.abs(np.fft.fftshift(np.fft.fft2(default - default.mean()))) > 1e-3
    rows, columns = (np.flatnonzero(kept.any(axis=axis)) for axis in (1, 0))
    assert (rows.min(), rows.max()) == (12, 36)
    assert (columns.min(), columns.max()) == (15, 45)


@pytest.mark.parametrize("options", [{"cutoff": 0.5}, {"width": 0.02}, {"area": 0.1, "cutoff": 0.7, "width": 0.03}])
def test_every_option_is_the_one_of_the_formula(options):
    image = np.random.default_rng(2).random((HEIGHT, WIDTH), dtype=np.float32)
    degraded = degradations.build("zero_filling", scale=2, grid="same", **options)(image)
    half = np.sqrt(options.get("area", 0.25)) / 2
    window = {key: value for key, value in options.items() if key != "area"}
    np.testing.assert_allclose(degraded, reference(image, half * HEIGHT, half * WIDTH, **window), atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("k", [(0, 0), (1, 0), (0, 2), (3, 4), (4, 5), (20, 3)])
def test_cropped_kspace_is_the_windowed_cosine_at_block_centres(scale, k):
    def cosine(row, column, amplitude):
        return 0.5 + amplitude * np.cos(2 * np.pi * (k[0] * row / HEIGHT + k[1] * column / WIDTH) + 0.3)

    image = cosine(ROW, COLUMN, 0.25).astype(np.float32)
    row, column = ((np.arange(n // scale) + 0.5) * scale - 0.5 for n in (HEIGHT, WIDTH))
    amplitude = 0.25 * fermi(*np.array(k, float), HEIGHT / 2 / scale, WIDTH / 2 / scale)
    degraded = degradations.build("zero_filling", scale=scale, grid="low")(image)
    np.testing.assert_allclose(degraded, cosine(row[:, None], column, amplitude), atol=1e-6)


@pytest.mark.parametrize("cutoff", [0.1, 0.9])
def test_a_constant_stays_constant_even_under_a_window_that_is_not_flat_at_the_centre(cutoff):
    blur = degradations.build("zero_filling", scale=2, grid="low", cutoff=cutoff, width=0.2)
    np.testing.assert_allclose(blur(np.full((HEIGHT, WIDTH), 0.7, np.float32)), 0.7, atol=1e-6)


def test_a_wide_window_of_the_whole_kspace_changes_nothing():
    image = np.random.default_rng(3).random((HEIGHT, WIDTH), dtype=np.float32)
    blur = degradations.build("zero_filling", scale=2, grid="same", area=1.0, cutoff=10.0)
    np.testing.assert_allclose(blur(image), image, atol=1e-6)


@pytest.mark.parametrize(
    ("grid", "options", "line"),
    [
        ("low", {"area": 0.26}, "at most 0.25 on the low grid at scale 2"),
        ("same", {"area": 0.0}, "above 0 and at most 1 on the same grid"),
        ("same", {"area": True}, "area must be"),
        ("same", {"cutoff": -0.9}, "cutoff must be a positive number"),
        ("same", {"width": 0}, "width must be a positive number"),
        ("same", {"width": float("nan")}, "width must be a positive number"),
    ],
)
def test_an_impossible_window_is_one_clear_line(grid, options, line):
    with pytest.raises(InputError, match=line) as caught:
        degradations.build("zero_filling", scale=2, grid=grid, **options)
    assert len(caught.value.problems) == 1
