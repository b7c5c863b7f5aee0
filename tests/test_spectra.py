"""Kernels estimated from power spectra: known blurs are found, unregistered scans too, and nothing is random."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import kernels
from mrisr.errors import InputError
from mrisr.imaging.kernel import apply, bicubic_kernel
from mrisr.kernels import _by_slice, _spectra
from scipy import ndimage, signal

METHODS = ["spectral", "gaussian_fit"]
BLURS = [(1.0, 1.0, 0.0), (0.8, 1.8, 35.0), (1.0, 2.2, -50.0)]


def gaussian(first: float, second: float, degrees: float) -> np.ndarray:
    """A Gaussian kernel about (6.5, 6.5) whose first axis is turned by an angle."""
    turn = np.deg2rad(degrees)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    inverse = np.linalg.inv(axes @ np.diag([first**2, second**2]) @ axes.T)
    places = np.stack(np.meshgrid(*[np.arange(13) - 6.5] * 2, indexing="ij"))
    kernel = np.exp(-0.5 * np.einsum("iab,ij,jab->ab", places, inverse, places))
    return kernel / kernel.sum()


def texture(seed: int = 0) -> np.ndarray:
    """Blobs with edges, float32 [160, 192] in [0, 1]."""
    noise = np.random.default_rng(seed).standard_normal((160, 192))
    smooth, fine = ndimage.gaussian_filter(noise, 4, mode="wrap"), ndimage.gaussian_filter(noise, 1, mode="wrap")
    return (0.5 + 0.3 * np.sign(smooth) + 0.1 * fine / fine.std()).clip(0, 1).astype(np.float32)


def found(method: str, sharp: np.ndarray, low: np.ndarray) -> np.ndarray:
    return kernels.estimate(method, [sharp], [low], scale=2, seed=0)[0]


def error(kernel: np.ndarray, sharp: np.ndarray, low: np.ndarray) -> float:
    return float(np.mean((apply(sharp, kernel) - low) ** 2))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("blur", BLURS)
def test_a_known_blur_is_found_better_than_the_bicubic_kernel_is_near(method, blur):
    sharp, low = texture(), apply(texture(), gaussian(*blur))
    assert error(found(method, sharp, low), sharp, low) < error(bicubic_kernel(), sharp, low) / 4


@pytest.mark.parametrize("blur", BLURS)
def test_the_gaussian_fit_finds_both_widths_and_the_angle(blur):
    kernel = found("gaussian_fit", texture(), apply(texture(), gaussian(*blur)))
    places = np.stack(np.meshgrid(*[np.arange(13) - 6.5] * 2, indexing="ij")).reshape(2, -1)
    covariances = [(places * k.ravel()) @ places.T for k in (kernel, gaussian(*blur))]
    np.testing.assert_allclose(*covariances, atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_a_displacement_and_another_contrast_change_little(method):
    sharp, truth = texture(), gaussian(0.8, 1.8, 35)
    there = found(method, sharp, apply(sharp, truth))
    moved = found(method, sharp, 0.1 + 0.8 * apply(np.roll(sharp, (6, -4), (0, 1)), truth))
    target = apply(sharp, truth)
    assert error(moved, sharp, apply(sharp, there)) < error(bicubic_kernel(), sharp, target) / 10


@pytest.mark.parametrize("method", METHODS)
def test_the_centre_is_that_of_a_block(method):
    kernel = found(method, texture(), apply(texture(), gaussian(0.8, 1.8, 35))).astype(np.float64)
    index = np.arange(13)
    assert kernel.sum(axis=1) @ index == pytest.approx(6.5, abs=0.05)
    assert kernel.sum(axis=0) @ index == pytest.approx(6.5, abs=0.05)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_random_and_a_slice_without_structure_has_no_kernel(method):
    sharp, low = texture(), apply(texture(), gaussian(1, 1, 0))
    flat = np.full_like(sharp, 0.5)
    first, second = (
        kernels.estimate_report(method, [sharp, flat], [low, flat[::2, ::2]], scale=2, seed=seed, slice_ids="ab")
        for seed in (0, 1)
    )
    assert first.status == ["estimated", "no structure"]
    assert np.isnan(first.kernels[1]).all()
    np.testing.assert_array_equal(first.kernels, second.kernels)


def test_segments_are_those_of_scipys_welch_and_fold_as_sampling_does():
    image = texture().astype(np.float64)
    window = np.sin(np.pi * (np.arange(64) + 0.5) / 64) ** 2
    stripe = np.tile(image[:1], (64, 1))
    # Along a slice of equal rows the window's sum over rows is a factor.
    spectrum = _spectra.power_spectra(stripe, stripe[::2, ::2])[0][0]
    segments = np.lib.stride_tricks.sliding_window_view(image[0], 64)[::32]
    means = segments @ window / window.sum()
    expected = np.mean(
        [
            signal.periodogram(s - m, window=window, detrend=False, return_onesided=False, scaling="spectrum")[1]
            * window.sum() ** 2
            for s, m in zip(segments, means, strict=True)
        ],
        axis=0,
    )
    np.testing.assert_allclose(spectrum, expected * window.sum() ** 2, rtol=1e-9, atol=1e-9)
    noise = np.random.default_rng(0).standard_normal((64, 64))
    low = np.abs(np.fft.fft2(noise[::2, ::2])) ** 2
    aliases = np.fft.fft2(noise).reshape(2, 32, 2, 32).sum(axis=(0, 2)) / 4
    np.testing.assert_allclose(low, np.abs(aliases) ** 2, rtol=1e-9)
    assert _spectra.folded(np.ones((64, 64))).shape == (32, 32)
    assert _spectra.folded(np.ones((64, 64))) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        ("spectral", {"scale": 3}, "scale 2"),
        ("gaussian_fit", {"scale": 3}, "scale 2"),
        ("spectral", {"scale": 2, "ridge": 0.0}, "ridge must be above 0"),
        ("gaussian_fit", {"scale": 2, "widest": 0.0}, "widest must be a number of pixels above 0"),
    ],
)
def test_impossible_options_are_said_in_one_line(method, options, said):
    low = texture()[::2, ::2]
    with pytest.raises(InputError, match=said):
        kernels.estimate(method, [texture()], [low], seed=0, **options)


def test_an_estimator_slice_by_slice_must_say_how_it_finds_a_kernel():
    class Forgetful(_by_slice.BySlice):
        pass

    with pytest.raises(TypeError, match=r"abstract method '?find"):
        Forgetful()
