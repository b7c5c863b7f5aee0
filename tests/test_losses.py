"""Contract of every loss on the shelf, and their values against independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mrisr import losses
from mrisr.errors import InputError
from skimage.metrics import structural_similarity


def images(seed: int, shape: tuple[int, ...] = (2, 1, 17, 20)) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("name", losses.available())
def test_a_loss_is_a_scalar_that_is_zero_for_the_target_itself(name):
    target = images(0)
    value = losses.build(name)(target, target)
    assert value.shape == ()
    assert value.item() == pytest.approx(0, abs=1e-12)
    assert losses.build(name)(images(1), target).item() > 0.01


@pytest.mark.parametrize("name", losses.available())
def test_a_loss_is_the_mean_over_the_batch(name):
    loss, estimate, target = losses.build(name), images(1, (3, 2, 14, 15)), images(2, (3, 2, 14, 15))
    each = [loss(estimate[i : i + 1], target[i : i + 1]).item() for i in range(3)]
    assert loss(estimate, target).item() == pytest.approx(np.mean(each), rel=1e-12)


@pytest.mark.parametrize("name", losses.available())
def test_the_gradient_is_the_derivative(name):
    estimate, target = images(1, (2, 1, 13, 12)).requires_grad_(), images(2, (2, 1, 13, 12))
    assert torch.autograd.gradcheck(losses.build(name), (estimate, target))


@pytest.mark.parametrize("name", losses.available())
def test_single_precision_agrees_with_double(name):
    loss, estimate, target = losses.build(name), images(1), images(2)
    value = loss(estimate.float(), target.float())
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss(estimate, target).item(), rel=1e-5)


def test_mse_and_l1_are_means_over_pixels():
    estimate, target = images(1).numpy(), images(2).numpy()
    pair = torch.from_numpy(estimate), torch.from_numpy(target)
    assert losses.build("mse")(*pair).item() == pytest.approx(np.mean((estimate - target) ** 2), rel=1e-12)
    assert losses.build("l1")(*pair).item() == pytest.approx(np.mean(np.abs(estimate - target)), rel=1e-12)


def test_ssim_is_that_of_scikit_image_over_whole_windows():
    estimate, target = images(1, (1, 1, 40, 33)), images(2, (1, 1, 40, 33))
    estimate = 0.6 * target + 0.4 * estimate
    _, each = structural_similarity(
        target[0, 0].numpy(),
        estimate[0, 0].numpy(),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1,
        full=True,
    )
    expected = 1 - each[5:-5, 5:-5].mean()
    assert losses.build("ssim")(estimate, target).item() == pytest.approx(expected, abs=1e-6)


def test_ssim_of_constant_images_has_only_the_luminance_term():
    zero, half = torch.zeros(1, 1, 12, 12, dtype=torch.float64), torch.full((1, 1, 12, 12), 0.5, dtype=torch.float64)
    assert losses.build("ssim")(zero, half).item() == pytest.approx(1 - 1e-4 / (0.25 + 1e-4), rel=1e-9)


@pytest.mark.parametrize("options", [{"window": 10}, {"sigma": 0.0}, {"k1": -1.0}])
def test_impossible_options_of_ssim_are_named(options):
    with pytest.raises(InputError, match="ssim"):
        losses.build("ssim", **options)


def test_images_smaller_than_the_window_are_named():
    with pytest.raises(InputError, match="11 x 11 pixels or more, got 10 x 30"):
        losses.build("ssim")(images(0, (1, 1, 10, 30)), images(1, (1, 1, 10, 30)))
