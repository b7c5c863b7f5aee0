"""The contract of every degradation: shapes, ranks, laws, clear errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr import degradations, plugins
from mrisr.errors import InputError
from scipy import ndimage

MEMBERS = ["gaussian", "hanning", "hamming", "bicubic", "mean", "median"]
OPTIONS = {
    "combine": {"members": MEMBERS},
    "hidden": {"displacement": 0.0, "contrast": 0.0, "noise": 0.0},
    "noisy": {"snr": 1e12},
    "randomised": {"noise": (0.0, 0.0)},
}
"""Of those degradations that cannot do without, or whose laws hold for the mean of what they do."""

NAMES = [n for n in degradations.available() if not getattr(plugins.load("degradations", n), "LEARNED", False)]
SINGLE = [name for name in NAMES if name != "combine" and not plugins.constant("degradations", name, "IS_RANDOM")]
"""Whose result does not depend on the names of the slices."""
LINEAR = [name for name in NAMES if getattr(plugins.load("degradations", name), "LINEAR", False)]
PROTOCOLS = [("same", 1), ("same", 2), ("same", 3), ("same", 4), ("low", 2), ("low", 3), ("low", 4)]


def build(name: str, scale: int, grid: str, **options):
    return degradations.build(name, scale=scale, grid=grid, **{**OPTIONS.get(name, {}), **options})


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def test_the_six_of_the_paper_and_their_mixture_are_on_the_shelf():
    assert {*MEMBERS, "combine"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("grid", "scale"), PROTOCOLS)
@pytest.mark.parametrize("leading", [(), (3,), (5, 2)])
def test_rank_stays_and_the_grid_is_the_promised_one(name, grid, scale, leading):
    images = noise(*leading, 24, 36)
    before = images.copy()
    degraded = build(name, scale, grid)(images)
    factor = scale if grid == "low" else 1
    assert degraded.shape == (*leading, 24 // factor, 36 // factor)
    assert degraded.dtype == np.float32
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("grid", ["same", "low"])
def test_a_stack_is_degraded_as_its_images_one_by_one(name, grid):
    operator, stack = build(name, 2, grid), noise(4, 2, 20, 30)
    alone = [[operator(channel) for channel in image] for image in stack]
    np.testing.assert_array_equal(operator(stack), alone)


@pytest.mark.parametrize("name", SINGLE)
def test_a_stack_larger_than_the_working_memory_is_degraded_the_same(name, monkeypatch):
    operator, stack = build(name, 2, "low"), noise(7, 1, 12, 16)
    whole = operator(stack)
    monkeypatch.setattr("mrisr.degradations._operator.CHUNK_PIXELS", 2 * 12 * 16)
    np.testing.assert_array_equal(operator(stack), whole)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("grid", "scale"), PROTOCOLS)
def test_a_constant_image_stays_constant(name, grid, scale):
    degraded = build(name, scale, grid)(np.full((24, 36), 0.7, np.float32))
    np.testing.assert_allclose(degraded, 0.7, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_degrading_changes_the_image(name):
    images = noise(24, 24)
    assert np.abs(build(name, 2, "same")(images) - images).max() > 0.01


@pytest.mark.parametrize("name", ["bicubic", "gaussian", "mean"])
def test_the_filters_that_are_linear_say_so(name):
    assert name in LINEAR


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize(("grid", "scale"), [("same", 2), ("low", 3)])
@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(-2, 2))
@settings(max_examples=8, deadline=None)
def test_linear_degradations_commute_with_sums_and_factors(name, grid, scale, seed, factor):
    operator = build(name, scale, grid)
    first, second = noise(2, 18, 24, seed=seed)
    together = operator(first + np.float32(factor) * second)
    np.testing.assert_allclose(together, operator(first) + factor * operator(second), atol=1e-6)


@pytest.mark.parametrize("name", ["gaussian", "hanning", "hamming"])
@pytest.mark.parametrize(("grid", "scale"), PROTOCOLS)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_a_low_pass_in_kspace_adds_no_energy(name, grid, scale, seed):
    if (name, grid) == ("gaussian", "low"):
        grid = "same"  # its low grid is interpolated, and a cubic may overshoot
    images = noise(24, 36, seed=seed)
    assert np.mean(build(name, scale, grid)(images) ** 2) <= np.mean(images**2) * (1 + 1e-6)


@pytest.mark.parametrize("name", ["mean", "median"])
@pytest.mark.parametrize("border", ["reflect", "nearest", "mirror", "wrap", "constant"])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_mean_and_median_are_those_of_the_square_around_each_pixel(name, border, size):
    image = noise(9, 11)
    mode = {"reflect": "symmetric", "nearest": "edge", "mirror": "reflect", "wrap": "wrap", "constant": "constant"}
    padded = np.pad(image.astype(np.float64), size // 2, mode[border])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    expected = getattr(np, name)(windows, axis=(-2, -1))
    np.testing.assert_allclose(build(name, 2, "same", size=size, border=border)(image), expected, atol=1e-7)


@pytest.mark.parametrize("name", ["gaussian", "mean", "median"])
def test_a_filter_on_the_low_grid_is_the_filtered_image_at_block_centres(name):
    image = noise(18, 27)
    filtered = build(name, 3, "same")(image)
    np.testing.assert_allclose(build(name, 3, "low")(image), filtered[1::3, 1::3], atol=1e-7)
    taps = np.array([-1, 9, 9, -1]) / 16  # Keys a = -0.5 halfway between two pixels
    wide = np.pad(build(name, 2, "same")(image[:, :-1]), 1, "edge")
    rows = sum(tap * wide[k : k + 18 : 2] for k, tap in enumerate(taps))
    expected = sum(tap * rows[:, k : k + 26 : 2] for k, tap in enumerate(taps))
    np.testing.assert_allclose(build(name, 2, "low")(image[:, :-1]), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: build("gausian", 2, "same"), "did you mean 'gaussian'"),
        (lambda: build("gaussian", 2, "lo"), "did you mean 'low'"),
        (lambda: build("gaussian", 0, "same"), "scale must be an integer of at least 1"),
        (lambda: build("gaussian", 1, "low"), "scale must be an integer of at least 2"),
        (lambda: build("gaussian", 2.0, "low"), "scale must be an integer"),
        (lambda: build("gaussian", 2, "low", sigm=1.0), "did you mean 'sigma'"),
        (lambda: build("gaussian", 2, "low", sigma=-1.0), "sigma must be"),
        (lambda: build("gaussian", 2, "low", sigma=[1.0, 2.0, 3.0]), "sigma must be"),
        (lambda: build("gaussian", 2, "low", sigma="wide"), "sigma must be"),
        (lambda: build("mean", 2, "same", size=4), "odd"),
        (lambda: build("median", 2, "same", size=0), "odd"),
        (lambda: build("median", 2, "same", border="mirrored"), "border must be one of"),
        (lambda: build("bicubic", 2, "same", border="reflect"), "border must be one of"),
        (lambda: build("bicubic", 2, "same", a=0.5), "a must be between"),
        (lambda: build("bicubic", 2, "same", antialias="no"), "antialias must be"),
        (lambda: build("hanning", 2, "same", root=2), "root must be"),
    ],
)
def test_a_bad_description_is_one_clear_line(call, line):
    with pytest.raises(InputError, match=line) as caught:
        call()
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("images", "line"),
    [
        (noise(8), "must be .H, W."),
        (noise(1, 1, 1, 8, 8), "must be .H, W."),
        (noise(0, 8, 8), "not empty"),
        (np.zeros((8, 8), np.uint8), "floating point"),
        (np.full((8, 8), np.nan, np.float32), "NaN or infinity"),
        (np.full((8, 8), np.inf, np.float32), "NaN or infinity"),
    ],
)
def test_images_that_are_none_are_refused(name, images, line):
    with pytest.raises(InputError, match=line):
        build(name, 2, "same")(images)


@pytest.mark.parametrize("name", NAMES)
def test_the_low_grid_needs_whole_blocks(name):
    with pytest.raises(InputError, match="crop to 9 x 12"):
        build(name, 3, "low")(noise(10, 12))


@pytest.mark.parametrize("name", [n for n in SINGLE if not getattr(plugins.load("degradations", n), "WHOLE_BLOCKS", 0)])
def test_a_filter_on_the_same_grid_takes_any_size(name):
    assert build(name, 2, "same")(noise(11, 13)).shape == (11, 13)


def test_box_is_the_mean_of_blocks():
    image = noise(12, 18)
    low = build("box", 3, "low")(image)
    assert low[2, 4] == pytest.approx(image[6:9, 12:15].mean(), rel=1e-6)
    np.testing.assert_array_equal(build("box", 3, "same")(image), low.repeat(3, 0).repeat(3, 1))


def test_truncation_keeps_the_central_band_and_rings():
    image = np.zeros((32, 32), np.float32)
    image[8:24] = 1
    degraded = build("truncation", 2, "same")(image).astype(np.float64)
    before, after = np.fft.fft2(image), np.fft.fft2(degraded)
    k = np.abs(np.fft.fftfreq(32, 1 / 32))
    inside = (k[:, None] <= 8) & (k <= 8)
    np.testing.assert_allclose(after[inside], before[inside], atol=1e-4)
    np.testing.assert_allclose(after[~inside], 0, atol=1e-4)
    assert degraded.max() > 1.05


def test_partial_fourier_leaves_out_the_most_negative_lines_of_one_axis():
    image = noise(32, 24).astype(np.float64)
    lines = np.fft.fftfreq(32, 1 / 32)
    spectrum = np.fft.fft(build("truncation", 2, "same")(image).astype(np.float64), axis=0)
    expected = np.abs(np.fft.ifft(spectrum * (lines >= -4)[:, None], axis=0))
    degraded = build("partial_fourier", 2, "same", fraction=0.75)(image)
    np.testing.assert_allclose(degraded, expected, atol=1e-6)
    whole = build("partial_fourier", 2, "low", fraction=1.0)(image)
    np.testing.assert_allclose(whole, np.abs(build("truncation", 2, "low")(image)), atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_partial_fourier_leaves_the_peak_of_a_blob_where_it_is(axis):
    rows, columns = np.arange(64)[:, None] - 28.5, np.arange(64) - 32.5
    blob = np.exp(-(rows**2 + columns**2) / 18).astype(np.float32)
    low = build("partial_fourier", 2, "low", axis=axis)(blob)
    peak = np.unravel_index(low.argmax(), low.shape)
    assert peak == (14, 16)  # the blocks whose centres are at 28.5 and 32.5


def test_gaussian_bicubic_is_scipys_blur_and_the_bicubic_of_the_shelf():
    image = noise(24, 36)
    blurred = ndimage.gaussian_filter(image.astype(np.float64), 2.0)
    expected = build("bicubic", 2, "low")(blurred.astype(np.float32))
    np.testing.assert_allclose(build("gaussian_bicubic", 2, "low")(image), expected, atol=1e-6)


@pytest.mark.parametrize("grid", ["same", "low"])
def test_noise_has_the_snr_that_was_asked_for_and_rice_s_mean_in_air(grid):
    image = np.zeros((256, 256), np.float32)
    image[:, 128:] = 0.8
    degraded = degradations.build("noisy", scale=2, grid=grid, degradation="box", snr=20.0)(image).astype(np.float64)
    air, tissue = np.array_split(degraded, 2, axis=1)
    deviation = 0.8 / 20
    assert tissue.std() == pytest.approx(deviation, rel=0.03)
    assert air.mean() == pytest.approx(deviation * np.sqrt(np.pi / 2), rel=0.03)
    assert tissue.mean() == pytest.approx(0.8 + deviation**2 / 1.6, abs=3 * deviation / np.sqrt(tissue.size))


RANDOM = [name for name in NAMES if plugins.constant("degradations", name, "IS_RANDOM")]


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("grid", ["same", "low"])
def test_draws_depend_on_seed_and_slice_alone(name, grid):
    stack, names = noise(3, 1, 24, 36), ["a/1", "a/2", "b/1"]
    operator = degradations.build(name, scale=2, grid=grid)
    whole = operator(stack, slice_ids=names)
    np.testing.assert_array_equal(operator(stack[::-1], slice_ids=names[::-1])[::-1], whole)
    np.testing.assert_array_equal(operator(stack[1], slice_ids=names[1:2]), whole[1])
    other = degradations.build(name, scale=2, grid=grid, seed=1)(stack, slice_ids=names)
    same_image = operator(np.repeat(stack[:1], 2, axis=0), slice_ids=names[:2])
    assert not np.array_equal(other, whole)
    assert not np.array_equal(same_image[0], same_image[1])


def test_randomised_slices_differ_in_sharpness_and_in_noise():
    image = noise(64, 64)
    operator = degradations.build("randomised", scale=2, grid="same")
    spread = [operator(image, slice_ids=[str(i)]).astype(float).std() for i in range(40)]
    assert max(spread) > 1.5 * min(spread)


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("truncation", {"kept": 0.0}, "kept must be above 0"),
        ("partial_fourier", {"fraction": 0.5}, "above 0.5"),
        ("gaussian_bicubic", {"sigma": -1.0}, "0 or more"),
        ("noisy", {"snr": 0.0}, "snr must be a positive number"),
        ("noisy", {"degradation": "boks"}, "there is no 'boks'"),
        ("randomised", {"sigma": (2.0, 1.0)}, "sigma must be .least, most."),
        ("randomised", {"kept": (0.0, 1.0)}, "kept must be"),
        ("randomised", {"twice": 1.5}, "must be a probability"),
    ],
)
def test_an_impossible_option_of_the_further_degradations_is_named(name, options, line):
    with pytest.raises(InputError, match=line):
        degradations.build(name, scale=2, grid="low", **options)
