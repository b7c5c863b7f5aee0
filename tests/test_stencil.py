"""Correlations along one axis, and what is made of them, against plain formulas."""

import numpy as np
import pytest
from mrisr import degradations
from mrisr.imaging.resampling import resample, resampling_matrix
from mrisr.imaging.stencil import correlate
from scipy import ndimage


@pytest.mark.parametrize("axis", [-2, -1])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("weights", [[2.0], [1, 2], [1, 1], [1, 5, 1], [1, -2, 3, 4], [3, 1, 0, 1, 3]])
def test_a_correlation_is_the_sum_of_its_products(axis, stride, weights):
    images, weights = np.random.default_rng(0).random((2, 17, 19)), np.array(weights)
    count = (images.shape[axis] - len(weights)) // stride + 1
    found = correlate(images, weights, axis=axis, stride=stride, count=count)
    rows = np.moveaxis(images, axis, -1).reshape(-1, images.shape[axis])
    expected = np.stack([np.correlate(row, weights, mode="valid")[::stride] for row in rows])
    moved = np.moveaxis(found, axis, -1)
    np.testing.assert_allclose(moved, expected.reshape(moved.shape), rtol=1e-13)


def test_a_correlation_leaves_its_input_as_it_is():
    images = np.random.default_rng(0).random((9, 9), dtype=np.float32)
    before = images.copy()
    for weights in ([2.0], [1.0, 1.0], [1.0, 2.0]):
        assert correlate(images, np.array(weights), axis=-1, count=5).dtype == np.float32
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("border", ["symmetric", "replicate"])
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize(("n_in", "n_out"), [(24, 12), (24, 8), (24, 6), (12, 24), (8, 24), (24, 16), (24, 36), (5, 5)])
def test_resampling_by_correlations_is_the_product_with_the_matrix(n_in, n_out, antialias, border):
    images = np.random.default_rng(0).random((3, n_in, n_in))
    options = {"antialias": antialias, "border": border, "a": -0.6}
    matrix = resampling_matrix(n_in, n_out, **options)
    np.testing.assert_allclose(
        resample(images, (n_out, n_out), **options), matrix @ images @ matrix.T, rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("border", ["reflect", "nearest", "mirror", "wrap", "constant"])
@pytest.mark.parametrize("grey_levels", [3, 256, 2**24])
def test_the_median_of_nine_is_exactly_that_of_scipy(border, grey_levels):
    image = np.random.default_rng(0).integers(grey_levels, size=(181, 217)).astype(np.float32) / grey_levels
    found = degradations.build("median", scale=2, grid="same", border=border)(image)
    np.testing.assert_array_equal(found, ndimage.median_filter(image, 3, mode=border))


@pytest.mark.parametrize("name", ["gaussian", "hanning", "bicubic", "mean", "zero_filling", "gaussian_bicubic"])
@pytest.mark.parametrize("grid", ["same", "low"])
def test_single_precision_is_within_a_millionth_of_double_precision(name, grid):
    """A slice of real size. In double precision the same operator runs through its own formula."""
    image = np.random.default_rng(0).random((1, 720, 512), dtype=np.float32)
    operator = degradations.build(name, scale=2, grid=grid)
    exact = operator._degrade(image.astype(np.float64))
    assert exact.dtype == np.float64
    np.testing.assert_allclose(operator(image), exact, rtol=0, atol=1e-6)
