"""Place, size and agreement of kernels: closed forms of Gaussians, and the figure of several seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr.figures import kernel_seeds
from mrisr.imaging.kernel import SIZE, apply, bicubic_kernel
from mrisr.metrics import compute
from mrisr.quality.kernel_shape import agreement, offset, similarities, support
from test_figures import texts_outside


def gaussian(sigma: float, rows: float = 0, columns: float = 0, size: int = SIZE) -> np.ndarray:
    """A Gaussian about the middle of the block, displaced."""
    y, x = np.meshgrid(*[np.arange(size) - size / 2] * 2, indexing="ij")
    kernel = np.exp(-((y - rows) ** 2 + (x - columns) ** 2) / (2 * sigma**2))
    return kernel / kernel.sum()


@pytest.mark.parametrize("shift", [(0, 0), (0.5, -0.25), (-1, 1)])
def test_the_offset_is_the_displacement(shift):
    assert offset(gaussian(0.9, *shift)) == pytest.approx(shift, abs=1e-4)
    assert offset(3 * gaussian(0.9, *shift)) == pytest.approx(shift, abs=1e-4)
    assert offset(bicubic_kernel()) == pytest.approx((0, 0), abs=1e-12)


def test_an_offset_displaces_the_image_by_as_much():
    ramp = np.add.outer(np.arange(64.0), 3 * np.arange(64.0))
    kernel = gaussian(0.9, 0.5, -0.25)
    moved = apply(ramp, kernel)[8:-8, 8:-8] - apply(ramp, bicubic_kernel())[8:-8, 8:-8]
    rows, columns = offset(kernel)
    np.testing.assert_allclose(moved, rows + 3 * columns, atol=1e-4)


@pytest.mark.parametrize("sigma", [4.0, 6.0])
def test_the_support_of_a_gaussian_is_the_disc_with_95_percent_of_it(sigma):
    area = 2 * np.pi * sigma**2 * np.log(1 / 0.05)
    assert support(gaussian(sigma, size=61)) == pytest.approx(area, rel=0.02)


def test_the_support_counts_taps_of_either_sign():
    assert support(np.eye(1)) == 1
    assert support(np.full((10, 10), 0.01)) == 95
    assert support(np.array([[2.0, -1.9], [0.1, 0.0]])) == 2


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_kernels_that_are_equal_up_to_a_factor_agree(seed, factor):
    one, other = np.random.default_rng(seed).normal(size=(2, 5, 5))
    assert agreement([one, factor * one]) == pytest.approx(1)
    found = similarities([one, other])
    assert found[0, 1] == pytest.approx(np.vdot(one, other) / np.linalg.norm(one) / np.linalg.norm(other))
    assert agreement([one, other, one]) == pytest.approx((1 + 2 * found[0, 1]) / 3)
    assert np.isnan(agreement([one]))


def test_a_row_of_the_table_has_means_and_deviations_over_the_seeds_that_found_a_kernel():
    image = np.random.default_rng(0).random((32, 32))
    kernels = np.stack([gaussian(1, 0.2), gaussian(1.5, -0.2), np.full((SIZE, SIZE), np.nan)])
    found = kernel_seeds.measured(kernels, image)
    assert found["seeds"] == 2
    assert found["offset_rows"] == pytest.approx(0, abs=1e-3)
    assert found["offset_rows_sd"] == pytest.approx(0.4 / np.sqrt(2), abs=1e-3)
    assert found["support"] == np.mean([support(kernel) for kernel in kernels[:2]])
    assert found["lowest_psnr"] == compute("psnr", apply(image, kernels[0]), apply(image, kernels[1]))
    assert kernel_seeds.measured(kernels[2:], image) == {"seeds": 0}
    assert np.isnan(kernel_seeds.measured(kernels[:1], image)["support_sd"])


def test_deviations_are_those_within_slices_and_between_their_means():
    random = np.random.default_rng(0)
    kernels = random.normal(size=(3, 4, 5, 5))
    of_seeds, of_slices = kernel_seeds.deviations(kernels)
    tap = kernels[:, :, 2, 1]
    assert of_seeds[2, 1] ** 2 == pytest.approx(np.mean([np.var(tap[:, n], ddof=1) for n in range(4)]))
    assert of_slices[2, 1] == pytest.approx(np.std(tap.mean(axis=0), ddof=1))
    assert not kernel_seeds.deviations(kernels[:, :1])[1].any()


def test_the_figure_shows_every_seed_and_cuts_no_text():
    random = np.random.default_rng(0)
    kernels = np.stack([[gaussian(s) + 0.001 * random.normal(size=(SIZE, SIZE)) for s in (1.2, 1.4)] for _ in range(3)])
    figure = kernel_seeds.draw({"dsgan anna": (["0", "1", "2"], kernels), "dsgan ben": (["0", "1", "2"], kernels)})
    assert len(figure.axes) == 2 * kernel_seeds.PANELS
    agreements = figure.axes[3].images[0].get_array()
    np.testing.assert_allclose(np.diag(agreements), 1)
    assert [label.get_text() for label in figure.axes[3].get_xticklabels()] == ["0", "1", "2"]
    assert texts_outside(figure) == []
