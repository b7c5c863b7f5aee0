"""The k-space low passes against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import degradations
from scipy import ndimage

WINDOWS = {
    ("hanning", False): lambda u: 0.5 + 0.5 * np.cos(np.pi * u),
    ("hanning", True): lambda u: np.cos(np.pi * u / 2),
    ("hamming", False): lambda u: 0.54 + 0.46 * np.cos(np.pi * u),
    ("hamming", True): lambda u: np.sqrt(0.54 + 0.46 * np.cos(np.pi * u)),
}
HEIGHT, WIDTH = 48, 60
ROW, COLUMN = np.arange(HEIGHT)[:, None], np.arange(WIDTH)


def cosine(k_row: int, k_column: int, row=ROW, column=COLUMN, amplitude: float = 0.25) -> np.ndarray:
    """0.5 + a cosine of k_row and k_column cycles, at any positions of the field of view."""
    return 0.5 + amplitude * np.cos(2 * np.pi * (k_row * row / HEIGHT + k_column * column / WIDTH) + 0.3)


def amplitude(name: str, root: bool, scale: int, k_row: int, k_column: int) -> float:
    us = 2 * scale * k_row / HEIGHT, 2 * scale * k_column / WIDTH
    return float(np.prod([WINDOWS[name, root](u) if u <= 1 else 0.0 for u in us]))


@pytest.mark.parametrize(("name", "root"), WINDOWS)
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [(0, 0), (1, 0), (0, 2), (3, 4), (5, 1), (6, 0), (8, 10), (12, 15), (20, 3)])
def test_a_cosine_is_scaled_by_exactly_the_window(name, root, scale, k):
    degraded = degradations.build(name, scale=scale, grid="same", root=root)(cosine(*k).astype(np.float32))
    expected = cosine(*k, amplitude=0.25 * amplitude(name, root, scale, *k))
    np.testing.assert_allclose(degraded, expected, atol=1e-6)


@pytest.mark.parametrize(("name", "root"), WINDOWS)
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("k", [(0, 0), (1, 0), (0, 2), (3, 4), (5, 1), (20, 3)])
def test_cropped_kspace_is_the_windowed_cosine_at_block_centres(name, root, scale, k):
    degraded = degradations.build(name, scale=scale, grid="low", root=root)(cosine(*k).astype(np.float32))
    row = (np.arange(HEIGHT // scale)[:, None] + 0.5) * scale - 0.5
    column = (np.arange(WIDTH // scale) + 0.5) * scale - 0.5
    expected = cosine(*k, row, column, amplitude=0.25 * amplitude(name, root, scale, *k))
    np.testing.assert_allclose(degraded, expected, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_cropping_without_the_ramp_would_be_off_by_half_the_scale_less_one(scale):
    """The phase of the first frequency is the position: (s - 1) / 2 pixels between ours and a bare crop."""
    image = cosine(1, 0).astype(np.float32)
    ours = degradations.build("hanning", scale=scale, grid="low")(image)
    kept = HEIGHT // scale
    spectrum = np.fft.fftshift(np.fft.fft(image, axis=0), axes=0)[(HEIGHT - kept) // 2 :][:kept]
    bare = np.fft.ifft(np.fft.ifftshift(spectrum, axes=0), axis=0).real / scale

    def position(values: np.ndarray) -> float:
        return -np.angle(np.fft.fft(values[:, 0])[1]) / (2 * np.pi) * HEIGHT

    true = position(image)
    block_centre = (scale - 1) / 2  # ours samples there first, a bare crop at 0
    assert position(ours) + block_centre == pytest.approx(true, abs=1e-4)
    assert position(bare) + block_centre == pytest.approx(true + block_centre, abs=1e-4)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_unpaired_line_of_the_crop_is_its_real_part(scale):
    """At k = N / 2s a cosine and its mirror image fall on one line of the crop, counted once."""
    k = HEIGHT // (2 * scale)
    degraded = degradations.build("hamming", scale=scale, grid="low", root=True)(cosine(k, 0).astype(np.float32))
    coefficient = 0.25 * np.exp(0.3j) * np.exp(1j * np.pi * k * (scale - 1) / HEIGHT) / 2
    line = coefficient.real * np.sqrt(0.08) * (-1.0) ** np.arange(HEIGHT // scale)
    np.testing.assert_allclose(degraded, 0.5 + np.repeat(line[:, None], WIDTH // scale, axis=1), atol=1e-6)


def test_root_windows_fall_to_one_half_where_the_methods_say():
    u = np.linspace(0, 1, 10_001)
    for name, half, end in (("hanning", 0.67, 0.0), ("hamming", 0.72, 0.28)):
        window = WINDOWS[name, True](u)
        assert u[np.argmax(window < 0.5)] == pytest.approx(half, abs=0.005)
        assert window[-1] == pytest.approx(end, abs=0.005)


@pytest.mark.parametrize("name", ["hanning", "hamming"])
def test_the_result_is_a_magnitude(name):
    impulse = np.zeros((16, 16), np.float32)
    impulse[5, 7] = 1.0
    assert degradations.build(name, scale=2, grid="same")(impulse).min() >= 0


@pytest.mark.parametrize("sigma", [2.0, [2.0, 3.5]])
def test_gaussian_is_scipys_with_a_periodic_border(sigma):
    image = np.random.default_rng(0).random((64, 81), dtype=np.float32)
    expected = ndimage.gaussian_filter(image.astype(np.float64), sigma, mode="wrap", truncate=8)
    np.testing.assert_allclose(
        degradations.build("gaussian", scale=2, grid="same", sigma=sigma)(image), expected, atol=1e-5
    )


def test_gaussian_of_one_pixel_is_scipys_on_a_smooth_image():
    """On noise the two differ: a Gaussian of sigma 1, sampled in space, aliases by 0.7 % at the highest frequency."""
    image = cosine(3, 4).astype(np.float32)
    expected = ndimage.gaussian_filter(image.astype(np.float64), 1.0, mode="wrap", truncate=8)
    np.testing.assert_allclose(degradations.build("gaussian", scale=2, grid="same")(image), expected, atol=1e-5)


@pytest.mark.parametrize("sigma", [0.5, 1.0, [1.0, 2.5]])
def test_gaussian_scales_a_cosine_by_its_transfer_function(sigma):
    rows, columns = sigma if isinstance(sigma, list) else (sigma, sigma)
    factor = np.exp(-2 * np.pi**2 * ((rows * 5 / HEIGHT) ** 2 + (columns * 7 / WIDTH) ** 2))
    degraded = degradations.build("gaussian", scale=2, grid="same", sigma=sigma)(cosine(5, 7).astype(np.float32))
    np.testing.assert_allclose(degraded, cosine(5, 7, amplitude=0.25 * factor), atol=1e-6)


def test_no_blur_at_sigma_zero():
    image = np.random.default_rng(0).random((12, 15), dtype=np.float32)
    np.testing.assert_allclose(degradations.build("gaussian", scale=2, grid="same", sigma=0.0)(image), image, atol=1e-6)


def test_a_kspace_gaussian_of_100_samples_is_the_training_bias_sigma():
    """On 720 x 512 slices 100 samples are 1.146 and 0.815 pixels; three decimals are exact to 90 dB even on noise."""
    exact = [n / (2 * np.pi * 100) for n in (720, 512)]
    assert [round(sigma, 3) for sigma in exact] == [1.146, 0.815]
    image = np.random.default_rng(0).random((720, 512), dtype=np.float32)
    k_row, k_column = np.fft.fftfreq(720, 1 / 720)[:, None], np.fft.fftfreq(512, 1 / 512)
    window = np.exp(-(k_row**2 + k_column**2) / (2 * 100**2))
    expected = np.fft.ifft2(np.fft.fft2(image.astype(np.float64)) * window).real
    blur = degradations.build("gaussian", scale=2, grid="same", sigma=exact)
    np.testing.assert_allclose(blur(image), expected, atol=1e-6)
    rounded = degradations.build("gaussian", scale=2, grid="same", sigma=[1.146, 0.815])
    assert -10 * np.log10(np.mean((rounded(image) - expected) ** 2)) > 90
