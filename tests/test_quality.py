"""MSCN statistics and the features of BRISQUE, against definitions, closed forms and independent implementations."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.stats
from mrisr.errors import InputError
from mrisr.imaging.resampling import keys_cubic, resampling_matrix
from mrisr.quality import features, ggd
from mrisr.quality.mscn import SHIFTS, mscn, neighbour_product
from quality_pictures import REFERENCE, picture, plateau

# ---- MSCN --------------------------------------------------------------------------------------------------------


def test_the_coefficients_are_those_of_the_papers_equations():
    image, sigma = picture("edges")[:12, :10], 1.0
    offsets = np.arange(-3, 4)
    weights = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    around = np.pad(255 * image, 3, mode="edge")
    for m, n in np.ndindex(image.shape):
        window = around[m : m + 7, n : n + 7]
        mean = np.sum(weights * window)
        deviation = np.sqrt(np.sum(weights * (window - mean) ** 2))
        expected = (255 * image[m, n] - mean) / (deviation + 1)
        assert mscn(image, border="replicate")[m, n] == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_the_border_changes_three_pixels_only():
    zero, replicate = (mscn(picture("waves"), border=border) for border in ("zero", "replicate"))
    np.testing.assert_allclose(zero[3:-3, 3:-3], replicate[3:-3, 3:-3], rtol=1e-12)
    assert np.abs(zero - replicate).max() > 0.1
    with pytest.raises(InputError, match="zero, replicate"):
        mscn(picture("waves"), border="reflect")


@pytest.mark.parametrize("level", [0.3, 0.7, 1.0])
def test_a_flat_part_has_coefficients_of_exactly_zero(level):
    assert not mscn(np.full((20, 20), level), border="replicate").any()


@pytest.mark.parametrize("direction", SHIFTS)
def test_products_are_those_of_neighbours(direction):
    coefficients = np.arange(12.0).reshape(3, 4)
    wrapped, inside = (neighbour_product(coefficients, direction, wrap=wrap) for wrap in (True, False))
    down, right = SHIFTS[direction]
    expected = {}
    for m, n in np.ndindex(3, 4):
        assert wrapped[m, n] == coefficients[m, n] * coefficients[(m - down) % 3, (n - right) % 4]
        if 0 <= m - down < 3 and 0 <= n - right < 4:
            expected[m, n] = wrapped[m, n]
    assert inside.ravel().tolist() == list(expected.values())


# ---- distributions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.0, 5.0])
def test_a_generalised_gaussian_distribution_is_recovered(shape):
    # Quantiles in place of a sample: no sampling error.
    values = scipy.stats.gennorm.ppf((np.arange(400_000) + 0.5) / 400_000, shape, scale=0.7)
    found, variance = ggd.fit_ggd(values)
    assert found == pytest.approx(shape, abs=0.005)
    assert variance == pytest.approx(scipy.stats.gennorm.var(shape, scale=0.7), rel=1e-3)


@pytest.mark.parametrize(("shape", "left", "right"), [(0.8, 1.0, 1.0), (0.8, 0.5, 1.2), (2.0, 1.5, 0.4)])
def test_an_asymmetric_distribution_is_recovered(shape, left, right):
    # A side has probability in proportion to its scale, and the half of a symmetric distribution on it.
    count = 400_000
    on_left = round(count * left / (left + right))
    halves = [
        scale * scipy.stats.gennorm.ppf(0.5 + (np.arange(n) + 0.5) / (2 * n), shape)
        for scale, n in ((left, on_left), (right, count - on_left))
    ]
    values = np.concatenate([-halves[0], halves[1]])
    found, mean, variance_left, variance_right = ggd.fit_aggd(values)
    assert found == pytest.approx(shape, abs=0.005)
    assert mean == pytest.approx(values.mean(), abs=2e-3)
    unit = scipy.stats.gennorm.var(shape)
    assert (variance_left, variance_right) == pytest.approx((left**2 * unit, right**2 * unit), rel=2e-3)


def test_without_values_on_one_side_there_is_no_fit():
    assert np.isnan(ggd.fit_ggd(np.zeros(9))).all()
    assert np.isnan(ggd.fit_aggd(np.arange(9.0))).all()
    assert np.isnan(ggd.fit_aggd(-np.arange(9.0))).all()


@pytest.mark.parametrize("name", REFERENCE["brisque 0.2.0"]["aggd"])
def test_asymmetric_fits_are_those_of_the_brisque_package(name):
    coefficients = mscn(picture(name), sigma=7 / 6)
    for direction, (shape, mean, left, right) in REFERENCE["brisque 0.2.0"]["aggd"][name].items():
        found = ggd.fit_aggd(neighbour_product(coefficients, direction))
        # It solves for the shape, where the authors read it off a table in steps of 0.001.
        assert found[0] == pytest.approx(shape, abs=0.00051)
        assert found[1] == pytest.approx(mean, rel=2e-3)
        assert found[2:] == pytest.approx((left**2, right**2), rel=1e-7)


# ---- features -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REFERENCE["piq 0.8.0"]["features"])
def test_features_are_those_of_piq(name):
    found = features.features(picture(name))
    np.testing.assert_allclose(found, REFERENCE["piq 0.8.0"]["features"][name], rtol=1e-6, atol=1e-7)


PLATEAU = {name: np.array(found) for name, found in REFERENCE["piq 0.8.0 plateau"]["features"].items()}


def test_features_are_those_of_piq_with_a_plateau_of_zero():
    np.testing.assert_allclose(features.features(plateau(0.0)), PLATEAU["0.0"], rtol=1e-6, atol=1e-7)


def test_rounding_on_a_bright_plateau_is_no_signal_here_and_is_one_in_piq():
    """A millionth less light: here no feature changes by more than that, in piq one changes by more than half."""
    image, dimmed = plateau(0.7), 0.999999 * plateau(0.7)
    found = features.features(image)
    np.testing.assert_allclose(features.features(dimmed), found, rtol=2e-6)
    np.testing.assert_allclose(features.features(image[::-1])[:6], found[:6], rtol=1e-6)
    assert np.abs(PLATEAU["0.7 x 0.999999"] / PLATEAU["0.7"] - 1).max() > 0.5
    # Only shape and variance of the coefficients themselves do not depend on signs.
    apart = [name for name, a, b in zip(features.NAMES, found, PLATEAU["0.7"], strict=True) if abs(a / b - 1) > 1e-6]
    assert set(features.NAMES) - set(apart) == {"shape_1", "variance_1", "shape_2", "variance_2"}


@pytest.mark.parametrize("level", [0.25, 0.7, 1.0])
def test_one_step_of_float32_on_a_plateau_is_a_signal(level):
    image = np.full((20, 20), level, np.float32)
    image[10, 10] = np.nextafter(image[10, 10], np.float32(0.5))
    assert np.count_nonzero(mscn(image, sigma=7 / 6, border="replicate")) == 49


def test_features_have_names_in_the_order_of_the_paper():
    assert len(set(features.NAMES)) == 36
    assert features.NAMES[:6] == (
        "shape_1",
        "variance_1",
        *(f"horizontal_{p}_1" for p in ("shape", "mean", "left_variance", "right_variance")),
    )
    image = picture("noise")
    turned = dict(zip(features.NAMES, features.features(image.T), strict=True))
    for name, value in zip(features.NAMES, features.features(image), strict=True):
        if name.startswith(("horizontal", "vertical", "shape", "variance")):
            assert turned[swap(name)] == pytest.approx(value, rel=1e-9), name


def swap(name: str) -> str:
    """The name of a feature after rows and columns were exchanged."""
    first, _, rest = name.partition("_")
    return {"horizontal": "vertical", "vertical": "horizontal"}.get(first, first) + "_" + rest


@pytest.mark.parametrize("side", [14, 15, 20, 33])
def test_halving_is_matlabs_imresize(side):
    image = np.random.default_rng(side).random((side, 16))
    expected = np.zeros((-(-side // 2), 16))
    for j in range(len(expected)):
        taps = np.arange(2 * j - 4, 2 * j + 6)
        weights = keys_cubic((2 * j + 0.5 - taps) / 2, -0.5)
        mirrored = np.concatenate([np.arange(side), np.arange(side)[::-1]])[taps % (2 * side)]
        expected[j] = weights @ image[mirrored] / weights.sum()
    columns = resampling_matrix(16, 8)
    np.testing.assert_allclose(features.half(image), expected @ columns.T, rtol=1e-9)


def test_the_data_range_is_only_a_unit():
    image = picture("smooth")
    np.testing.assert_allclose(features.features(100 * image, data_range=100.0), features.features(image), rtol=1e-9)


def test_of_a_colour_image_the_luma_counts():
    red, green, blue = (np.roll(picture("waves"), 7 * shift, axis=1) for shift in range(3))
    np.testing.assert_allclose(
        features.features(np.stack([0.5 * red, green, 0.2 * blue])),
        features.features(0.299 * 0.5 * red + 0.587 * green + 0.114 * 0.2 * blue),
        rtol=1e-6,
    )


def test_an_image_without_structure_has_no_features_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for level in (0.0, 0.5, 1.0):
            assert np.isnan(features.features(np.full((20, 20), level))).all()
        assert np.isnan(features.features(np.full((20, 20), np.nan))).all()


@pytest.mark.parametrize(
    ("shape", "line"), [((13, 20), "smaller than 14 x 14"), ((2, 20, 20), "not of shape"), ((9,), "not of")]
)
def test_an_image_of_another_shape_is_refused(shape, line):
    with pytest.raises(InputError, match=line):
        features.features(np.ones(shape))
