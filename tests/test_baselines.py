"""Baselines: the estimates without training for the two grids."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.cbook
import numpy as np
import pytest
import torch
from mrisr import baselines, degradations, plugins
from mrisr.baselines.wiener import _folded, _power, _transfer
from mrisr.errors import InputError
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.baselines import straight_lrtv, straight_nmu

NAMES = baselines.available()
SCALES = {"input": [1], "reference": [1], "lrtv": [1, 2], "nmu": [1, 3]}
IMAGES = np.random.default_rng(0).random((4, 2, 20, 24), dtype=np.float32)


def cases() -> list[tuple[str, int]]:
    return [(name, scale) for name in NAMES for scale in SCALES.get(name, [1, 2, 3, 4])]


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_says_under_which_protocol_it_is_defined(name):
    assert set(plugins.describe("baselines", name).constants["GRIDS"]) <= {"same", "low"}


@pytest.mark.parametrize("grid", ["same", "low"])
def test_each_protocol_has_a_floor(grid):
    assert any(grid in plugins.describe("baselines", name).constants["GRIDS"] for name in NAMES)


@pytest.mark.parametrize(("name", "scale"), cases())
@pytest.mark.parametrize("images", [IMAGES[0, 0], IMAGES[0], IMAGES])
def test_rank_stays_and_the_axes_grow_by_the_scale(name, scale, images):
    estimate = baselines.build(name, scale=scale)(images)
    assert estimate.shape == (*images.shape[:-2], 20 * scale, 24 * scale)
    assert estimate.dtype == np.float32


@pytest.mark.parametrize(("name", "scale"), cases())
def test_a_stack_is_estimated_as_its_images_one_by_one(name, scale):
    baseline = baselines.build(name, scale=scale)
    alone = [[baseline(channel) for channel in image] for image in IMAGES]
    np.testing.assert_array_equal(baseline(IMAGES), alone)


@pytest.mark.parametrize("name", [n for n in NAMES if not plugins.constant("baselines", n, "RESTORES")])
def test_at_scale_1_the_input_is_returned_and_not_shared(name):
    estimate = baselines.build(name, scale=1)(IMAGES)
    np.testing.assert_array_equal(estimate, IMAGES)
    assert not np.shares_memory(estimate, IMAGES)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_is_the_way_up_of_the_bicubic_degradation(scale):
    image = IMAGES[0, 0].repeat(scale, 0).repeat(scale, 1) * np.linspace(0, 1, 24 * scale, dtype=np.float32)
    low = degradations.build("bicubic", scale=scale, grid="low")(image)
    there_and_back = degradations.build("bicubic", scale=scale, grid="same")(image)
    np.testing.assert_allclose(baselines.build("bicubic", scale=scale)(low), there_and_back, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_is_torchs_away_from_the_border(scale):
    tensor = torch.from_numpy(IMAGES.astype(np.float64))
    size = (20 * scale, 24 * scale)
    inside = np.s_[..., 2 * scale : -2 * scale, 2 * scale : -2 * scale]
    for a, antialias in ((-0.75, False), (-0.5, True)):
        expected = torch.nn.functional.interpolate(tensor, size=size, mode="bicubic", antialias=antialias).numpy()
        estimate = baselines.build("bicubic", scale=scale, a=a)(IMAGES)
        np.testing.assert_allclose(estimate[inside], expected[inside], atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_keeps_a_ramp_in_place(scale):
    ramp = np.arange(24, dtype=np.float32) / 24
    fine = ((np.arange(24 * scale) + 0.5) / scale - 0.5) / 24
    estimate = baselines.build("bicubic", scale=scale)(np.tile(ramp, (20, 1)))
    inside = slice(2 * scale, -2 * scale)
    np.testing.assert_allclose(estimate[:, inside], np.tile(fine, (20 * scale, 1))[:, inside], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: baselines.build("bicubik", scale=2), "did you mean 'bicubic'"),
        (lambda: baselines.build("input", scale=2), "'input' has no scale 2"),
        (lambda: baselines.build("bicubic", scale=0), "scale must be an integer"),
        (lambda: baselines.build("bicubic", scale=2, a=1.0), "a must be between"),
        (lambda: baselines.build("lanczos", scale=2, lobes=0), "lobes must be 1 or more"),
        (lambda: baselines.build("nmu", scale=2, search=0), "must be 1 or more"),
        (lambda: baselines.build("lrtv", scale=2, tv=-1.0), "tv and rank must be 0 or more"),
        (lambda: baselines.build("back_projection", scale=2, iterations=0), "iterations must be 1 or more"),
        (lambda: baselines.build("wiener", scale=2, degradation="median"), "'median' is not linear"),
        (lambda: baselines.build("wiener", scale=2, noise=0.0), "noise must be positive"),
        (lambda: baselines.build("bicubic", scale=2)(np.zeros((4, 4), int)), "floating point"),
        (lambda: baselines.build("input", scale=1)(np.zeros(4, np.float32)), "must be .H, W."),
    ],
)
def test_a_bad_request_is_one_clear_line(call, line):
    with pytest.raises(InputError, match=line):
        call()


@pytest.fixture(scope="module")
def head() -> np.ndarray:
    """A real slice: the sagittal T1 head among matplotlib's sample data, 252 x 252, in [0, 1]."""
    with matplotlib.cbook.get_sample_data("s1045.ima.gz") as file:
        image = np.frombuffer(file.read(), ">u2").reshape(256, 256).astype(np.float32)
    return np.clip(image / np.percentile(image, 99.9), 0, 1)[:252, :252]


def box(image: np.ndarray, scale: int) -> np.ndarray:
    return image.reshape(image.shape[0] // scale, scale, -1, scale).mean(axis=(1, 3))


def psnr(estimate: np.ndarray, reference: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((np.clip(estimate, 0, 1) - reference) ** 2)))


@pytest.mark.parametrize("scale", [2, 3])
def test_the_classical_methods_beat_bicubic_on_block_means_of_a_real_slice(head, scale):
    low = box(head, scale)
    bicubic = psnr(baselines.build("bicubic", scale=scale)(low), head)
    for name in ("nmu", "lrtv", "back_projection"):
        assert psnr(baselines.build(name, scale=scale)(low), head) > bicubic + 0.5, name


@pytest.mark.parametrize("name", ["nmu", "back_projection"])
def test_an_estimate_averaged_again_is_the_input(head, name):
    low = box(head, 2)[:60, :60]
    again = box(baselines.build(name, scale=2)(low), 2)
    np.testing.assert_allclose(again, low, atol=1e-6 if name == "nmu" else 2e-3)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("input", "reference", "wiener")])
def test_a_constant_image_stays_constant(name):
    estimate = baselines.build(name, scale=2)(np.full((12, 10), 0.4, np.float32))
    np.testing.assert_allclose(estimate, 0.4, atol=1e-3 if name == "lrtv" else 1e-6)


def test_linear_interpolation_is_torchs():
    tensor = torch.from_numpy(IMAGES.astype(np.float64))
    expected = torch.nn.functional.interpolate(tensor, scale_factor=3, mode="bilinear", align_corners=False)
    np.testing.assert_allclose(baselines.build("linear", scale=3)(IMAGES), expected.numpy(), atol=1e-6)


def test_lanczos_is_pillows_away_from_the_border():
    image = IMAGES[0, 0]
    size = (image.shape[1] * 2, image.shape[0] * 2)
    expected = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))
    np.testing.assert_allclose(baselines.build("lanczos", scale=2)(image)[8:-8, 8:-8], expected[8:-8, 8:-8], atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3])
def test_a_cubic_spline_passes_through_the_pixels_at_odd_scales_and_keeps_cubics(scale):
    x = np.arange(24, dtype=np.float64)
    polynomial = 0.1 + 0.02 * x - 1e-3 * x**2 + 3e-5 * x**3
    fine = (np.arange(24 * scale) + 0.5) / scale - 0.5
    estimate = baselines.build("cubic_spline", scale=scale)(np.tile(polynomial.astype(np.float32), (20, 1)))
    expected = 0.1 + 0.02 * fine - 1e-3 * fine**2 + 3e-5 * fine**3
    inside = slice(8 * scale, -8 * scale)
    np.testing.assert_allclose(estimate[5, inside], expected[inside], atol=1e-4)
    if scale == 3:
        np.testing.assert_allclose(baselines.build("cubic_spline", scale=3)(IMAGES)[..., 1::3, 1::3], IMAGES, atol=1e-6)


def test_the_non_local_mean_is_that_of_its_formula():
    """Pixel by pixel on a small image, away from the border."""
    image = np.random.default_rng(1).random((15, 15)) * 100
    strength = np.full(image.shape, 30.0)
    fast = baselines.build("nmu", scale=2)._non_local_mean(image, strength)
    for i, j in ((6, 7), (8, 6)):
        patch = image[i - 1 : i + 2, j - 1 : j + 2]
        weights, values = [], []
        for k in range(i - 3, i + 4):
            for m in range(j - 3, j + 4):
                distance = np.mean((patch - image[k - 1 : k + 2, m - 1 : m + 2]) ** 2)
                weights.append(np.exp(-distance / 30.0**2))
                values.append(image[k, m])
        assert fast[i, j] == pytest.approx(np.average(values, weights=weights), rel=1e-9)


@pytest.mark.parametrize(("name", "straight"), [("nmu", straight_nmu), ("lrtv", straight_lrtv)])
def test_nmu_and_lrtv_are_their_straight_formulations(head, name, straight):
    """The benchmark of their speed compares with these formulations, which share no code with the baselines."""
    low = box(head, 2)[30:70, 40:76].astype(np.float32)
    found = baselines.build(name, scale=2)(low)
    np.testing.assert_allclose(found, straight(low.astype(np.float64)), rtol=0, atol=1e-6)


def test_lrtv_lowers_its_objective_below_that_of_its_start():
    def objective(image, low):
        down, right = np.diff(image, axis=0), np.diff(image, axis=1)
        total = np.sqrt(np.pad(down, ((0, 1), (0, 0))) ** 2 + np.pad(right, ((0, 0), (0, 1))) ** 2 + 1).sum()
        rank = np.linalg.svd(image, compute_uv=False).sum()
        return np.sum((box(image, 2) - low) ** 2) + 5 * total + 5 * rank

    low = np.random.default_rng(2).random((16, 18)) * 255
    start = baselines.build("cubic_spline", scale=2)((low / 255).astype(np.float32)).astype(float) * 255
    solved = baselines.build("lrtv", scale=2, tv=5.0, rank=5.0)((low / 255).astype(np.float32)).astype(float) * 255
    assert objective(solved, low) < 0.9 * objective(start, low)


@pytest.mark.parametrize("grid", ["low", "same"])
def test_a_wiener_filter_that_knows_the_kernel_beats_others_and_wrong_ones(head, grid):
    reference = head[:128, :128]
    blurred = degradations.build("gaussian", scale=2, grid=grid, sigma=1.5)(reference)

    def restored(sigma):
        given = {"kind": "gaussian", "options": {"sigma": sigma}}
        return psnr(baselines.build("wiener", scale=2, grid=grid, degradation=given)(blurred), reference)

    floor = baselines.build("bicubic", scale=2)(blurred) if grid == "low" else blurred
    assert restored(1.5) > psnr(floor, reference) + 3
    assert restored(1.5) > max(restored(1.0), restored(2.0))


def test_the_wiener_filter_is_the_conditional_mean_of_gaussian_images():
    """For circular images of its own power spectrum it is the solution of the normal equations, by linear algebra."""
    side, step = 8, 2
    wiener = baselines.build(
        "wiener", scale=step, degradation={"kind": "gaussian", "options": {"sigma": 0.8}}, noise=1e-2
    )
    power = _power((side, side))
    response = _transfer(wiener.kernel, (side, side))
    fourier = np.fft.fft(np.eye(side))
    both = np.kron(fourier, fourier)
    covariance = (both.conj().T @ np.diag(power.ravel()) @ both).real / side**4
    blur = (both.conj().T @ np.diag(response.ravel()) @ both).real / side**2
    sampled = blur.reshape(side, side, -1)[::step, ::step].reshape(-1, side**2)
    noise = 1e-2 * power.mean() / len(sampled) * np.eye(len(sampled))
    gain = covariance @ sampled.T @ np.linalg.inv(sampled @ covariance @ sampled.T + noise)
    low = np.random.default_rng(3).random((side // step, side // step))
    weight = np.fft.fft2(low) / (_folded(power * np.abs(response) ** 2, step) / step**2 + 1e-2 * power.mean() * step**2)
    spectral = np.fft.ifft2(power * response.conj() * np.tile(weight, (step, step))).real
    np.testing.assert_allclose(spectral.ravel(), gain @ low.ravel(), rtol=1e-6, atol=1e-9)
