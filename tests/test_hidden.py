"""The hidden degradation: each of its parts alone against a closed form or scipy."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import degradations
from mrisr.errors import InputError
from mrisr.imaging.blur import blur_kernel
from scipy import signal, stats

NOTHING = {"sigma": (1e-3, 1e-3), "displacement": 0.0, "contrast": 0.0, "noise": 0.0}
"""A blur whose kernel is one tap, and nothing else: parts are switched on one by one."""


def build(grid: str = "low", scale: int = 2, **options):
    return degradations.build("hidden", scale=scale, grid=grid, **options)


def image(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


# ---- random numbers -------------------------------------------------------------------------------------------------


def test_a_slice_is_a_function_of_its_name_and_the_seed():
    one = build()(image(40, 36), slice_ids=["anna/0003"])
    np.testing.assert_array_equal(build()(image(40, 36), slice_ids=["anna/0003"]), one)
    assert not np.array_equal(build()(image(40, 36), slice_ids=["anna/0004"]), one)
    assert not np.array_equal(build(seed=1)(image(40, 36), slice_ids=["anna/0003"]), one)


def test_a_slice_does_not_see_its_neighbours_in_a_stack():
    stack, names = image(3, 1, 40, 36), ["a", "b", "c"]
    together = build()(stack, slice_ids=names)
    for position in (2, 0, 1):
        alone = build()(stack[position], slice_ids=[names[position]])
        np.testing.assert_array_equal(together[position], alone)


@pytest.mark.parametrize("part", [{"displacement": 0.5}, {"contrast": 0.3}, {"noise": 0.05}])
def test_every_part_differs_from_slice_to_slice(part):
    operator = build(**{**NOTHING, **part})
    first, second = operator(np.stack([image(1, 40, 36)] * 2), slice_ids=["a", "b"])
    assert np.abs(first - second).max() > 1e-3


def test_the_channels_of_a_slice_move_together_and_have_their_own_noise():
    grey = np.stack([image(40, 36)] * 3)
    still = build(noise=0.0)(grey, slice_ids=["a"])
    np.testing.assert_array_equal(still[0], still[2])
    noisy = build(noise=0.05)(grey, slice_ids=["a"])
    assert not np.array_equal(noisy[0], noisy[2])


# ---- the blur -------------------------------------------------------------------------------------------------------


def blurred(sharp: np.ndarray, sigma: tuple[float, float], angle: float) -> np.ndarray:
    """Convolution with the density of a normal distribution, the image being mirrored beyond its edge."""
    turn = np.deg2rad(angle)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    covariance = axes.T @ np.diag(np.square(sigma)) @ axes
    reach = int(np.ceil(4 * max(sigma)))
    places = np.stack(np.mgrid[-reach : reach + 1, -reach : reach + 1], axis=-1)
    kernel = stats.multivariate_normal(cov=covariance).pdf(places)
    padded = np.pad(sharp.astype(np.float64), reach, mode="symmetric")
    return signal.convolve2d(padded, kernel / kernel.sum(), mode="valid")


@pytest.mark.parametrize(("sigma", "angle"), [((2.0, 1.0), 30.0), ((1.0, 2.5), -70.0), ((1.5, 1.5), 0.0)])
def test_without_the_rest_it_is_a_blur(sigma, angle):
    sharp, options = image(44, 40), {**NOTHING, "sigma": sigma, "angle": angle}
    expected = blurred(sharp, sigma, angle)
    np.testing.assert_allclose(build("same", **options)(sharp), expected, atol=1e-6)
    # Keys' cubic with a = -0.5 at the centre of four pixels, away from the border.
    taps = np.array([-1, 9, 9, -1]) / 16
    between = signal.convolve2d(expected, np.outer(taps, taps), mode="valid")[1::2, 1::2]
    np.testing.assert_allclose(build("low", **options)(sharp)[1:-1, 1:-1], between, atol=1e-6)


@pytest.mark.parametrize("angle", [0.0, 30.0, 45.0, 90.0, 150.0])
def test_the_kernel_has_the_covariance_that_was_asked_for(angle):
    kernel = blur_kernel((2.0, 1.0), angle)
    assert kernel.sum() == pytest.approx(1)
    places = np.arange(len(kernel)) - len(kernel) // 2
    rows, columns = np.meshgrid(places, places, indexing="ij")
    np.testing.assert_allclose([np.sum(kernel * rows), np.sum(kernel * columns)], 0, atol=1e-12)
    mixed = np.sum(kernel * rows * columns)
    covariance = [[np.sum(kernel * rows**2), mixed], [mixed, np.sum(kernel * columns**2)]]
    lengths, axes = np.linalg.eigh(covariance)
    # The tails behind four standard deviations hold 0.11 % of the variance.
    np.testing.assert_allclose(lengths, [1, 4], rtol=2e-3)
    row, column = axes[:, 1]
    turned = np.rad2deg(np.arctan2(column, row)) - angle
    assert abs((turned + 90) % 180 - 90) < 0.1


@pytest.mark.parametrize("scale", [2, 3])
def test_an_oblique_blur_does_not_move_a_blob(scale):
    place, shape = (50.3, 46.9), (108, 96)
    rows, columns = np.arange(shape[0])[:, None] - place[0], np.arange(shape[1]) - place[1]
    blob = np.exp(-(rows**2 + columns**2) / 72).astype(np.float32)
    low = build(scale=scale, **{**NOTHING, "sigma": (2.0, 1.0)})(blob).astype(np.float64)
    centres = [(np.arange(n) + 0.5) * scale - 0.5 for n in low.shape]
    found = [np.sum(low.sum(axis=1 - axis) * centres[axis]) / low.sum() for axis in (0, 1)]
    np.testing.assert_allclose(found, place, atol=2e-3)


# ---- displacement, contrast, noise ----------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("displacement", [0.25, 1.0])
def test_the_displacement_has_the_size_that_was_asked_for(axis, displacement):
    n = 192
    ramp = np.broadcast_to(np.expand_dims(np.arange(n) / n, 1 - axis), (n, n)).astype(np.float32)
    operator = build("same", **{**NOTHING, "displacement": displacement})
    moved = n * (operator(ramp, slice_ids=["a"]) - ramp)
    # A spline follows a ramp exactly; the mirror changes what lies beside two of the four sides.
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(displacement, rel=0.02)
    inside = moved[8:-8, 8:-8]
    # Of a field made smooth by a Gaussian of s pixels the slope is size / (s sqrt(2)).
    slope = np.sqrt(np.mean(np.square(np.gradient(inside, axis=0))))
    assert slope == pytest.approx(displacement / (16 * np.sqrt(2)), rel=0.3)


def test_contrast_is_a_power_of_every_value():
    operator, sharp = build("same", **{**NOTHING, "contrast": 0.1}), 0.05 + 0.9 * image(24, 24)
    exponents = []
    for name in range(300):
        changed = operator(sharp, slice_ids=[name]).astype(np.float64)
        power = np.log(changed) / np.log(sharp)
        np.testing.assert_allclose(power, power.mean(), rtol=1e-4)
        assert (np.diff(changed.ravel()[np.argsort(sharp.ravel())]) >= 0).all()
        exponents.append(np.log(power.mean()))
    # Four standard errors of a mean and of a deviation.
    assert abs(np.mean(exponents)) < 4 * 0.1 / np.sqrt(300)
    assert np.std(exponents) == pytest.approx(0.1, rel=4 / np.sqrt(2 * 300))


@pytest.mark.parametrize("grid", ["same", "low"])
def test_noise_on_nothing_is_rayleigh_distributed(grid):
    noise, n = 0.02, 256
    values = build(grid, **{**NOTHING, "noise": noise})(np.zeros((n, n), np.float32), slice_ids=["a"])
    error = noise * np.sqrt(2 - np.pi / 2) / np.sqrt(values.size)
    assert values.mean() == pytest.approx(noise * np.sqrt(np.pi / 2), abs=4 * error)
    assert stats.kstest(values.ravel(), "rayleigh", args=(0, noise)).pvalue > 0.001


def test_noise_on_a_bright_image_is_that_of_the_real_part():
    values = build("same", **{**NOTHING, "noise": 0.01})(np.full((256, 256), 0.5, np.float32), slice_ids=["a"])
    assert values.std() == pytest.approx(0.01, rel=4 / np.sqrt(2 * values.size))


# ---- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sigma": (0.0, 1.0)}, ["sigma", "above 0"]),
        ({"sigma": (1.0, 2.0, 3.0)}, ["sigma", "tuple[float, float]"]),
        ({"displacement": -1.0}, ["displacement", "at least 0", "-1.0"]),
        ({"contrast": float("nan")}, ["contrast", "nan"]),
        ({"noise": -0.1}, ["noise", "-0.1"]),
        ({"smoothness": float("inf")}, ["smoothness", "inf"]),
        ({"angle": float("nan")}, ["angle", "nan"]),
        ({"seed": -1}, ["seed", "-1"]),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, words):
    with pytest.raises(InputError) as caught:
        build(**options)
    (line,) = caught.value.problems
    assert all(word in line for word in words)


def test_sides_that_are_no_whole_blocks_are_refused():
    with pytest.raises(InputError, match="crop to 40 x 36"):
        build()(image(41, 36))
