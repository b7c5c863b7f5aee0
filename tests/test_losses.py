"""Contract of every loss on the shelf, and their values against independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from loss_options import loss_options, random_vgg
from mrisr import arrays, discriminators, files, losses, plugins
from mrisr.errors import InputError
from skimage.metrics import structural_similarity


def images(seed: int, shape: tuple[int, ...] = (2, 1, 17, 20)) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def build(name: str) -> torch.nn.Module:
    """The loss in double precision, with random weights from a fixed seed if it has any."""
    torch.manual_seed(0)
    return losses.build(name, **loss_options(name)).double().eval()


CONTENT = [n for n in losses.available() if not plugins.constant("losses", n, "IS_ADVERSARIAL")]
"""Losses that compare estimate and target alone."""


@pytest.mark.parametrize("name", CONTENT)
def test_a_loss_is_a_scalar_that_is_least_for_the_target_itself(name):
    target = images(0)
    value = build(name)(target, target)
    assert value.shape == ()
    assert value.item() == pytest.approx(plugins.constant("losses", name, "OF_A_PERFECT_ESTIMATE") or 0, abs=1e-12)
    assert build(name)(images(1), target).item() > value.item() + 0.01


@pytest.mark.parametrize("name", losses.available())
def test_a_loss_is_the_mean_over_the_batch(name):
    loss, estimate, target = build(name), images(1, (3, 1, 17, 18)), images(2, (3, 1, 17, 18))
    each = [loss(estimate[i : i + 1], target[i : i + 1]).item() for i in range(3)]
    assert loss(estimate, target).item() == pytest.approx(np.mean(each), rel=1e-12)


@pytest.mark.parametrize("name", losses.available())
def test_the_gradient_is_the_derivative(name):
    estimate, target = images(1, (1, 1, 17, 16)).requires_grad_(), images(2, (1, 1, 17, 16))
    assert torch.autograd.gradcheck(build(name), (estimate, target), fast_mode=True)


@pytest.mark.parametrize("name", losses.available())
def test_single_precision_agrees_with_double(name):
    estimate, target = images(1), images(2)
    value = build(name).float()(estimate.float(), target.float())
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(build(name)(estimate, target).item(), rel=1e-5)


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


def test_charbonnier_is_smooth_at_zero_and_linear_far_from_it():
    target, loss = images(0), losses.build("charbonnier", epsilon=1e-3)
    assert loss(target + 0.5, target).item() == pytest.approx(np.hypot(0.5, 1e-3), rel=1e-12)
    assert loss(target + 1e-6, target).item() == pytest.approx(1e-3 + 1e-12 / 2e-3, rel=1e-9)


def test_the_gradient_difference_is_equation_5_of_the_paper_as_a_mean():
    estimate, target = images(1, (1, 1, 9, 7)), images(2, (1, 1, 9, 7))
    x, y = estimate[0, 0].numpy(), target[0, 0].numpy()
    rows = [(abs(y[i, j] - y[i - 1, j]) - abs(x[i, j] - x[i - 1, j])) ** 2 for i in range(1, 9) for j in range(7)]
    columns = [(abs(y[i, j - 1] - y[i, j]) - abs(x[i, j - 1] - x[i, j])) ** 2 for i in range(9) for j in range(1, 7)]
    value = losses.build("gradient_difference")(estimate, target).item()
    assert value == pytest.approx(np.mean(rows) + np.mean(columns), rel=1e-12)
    assert losses.build("gradient_difference")(1 - target, target).item() == pytest.approx(0, abs=1e-30)


def test_a_sum_is_the_weighted_sum_of_its_terms():
    estimate, target = images(1), images(2)
    terms = ["l1", {"kind": "charbonnier", "options": {"epsilon": 0.1}}]
    value = losses.build("sum", terms=terms, weights=[2.0, 0.5])(estimate, target).item()
    l1, charbonnier = losses.build("l1"), losses.build("charbonnier", epsilon=0.1)
    assert value == pytest.approx(2 * l1(estimate, target).item() + charbonnier(estimate, target).item() / 2)


@pytest.mark.parametrize("options", [{"terms": []}, {"terms": ["l1"], "weights": [1.0, 2.0]}, {"terms": ["l2"]}])
def test_an_impossible_sum_is_named(options):
    with pytest.raises(InputError, match="losses: "):
        losses.build("sum", **options)


def test_the_perceptual_loss_is_the_distance_of_features_layer_by_layer():
    path, sha256 = random_vgg()
    weights = {name: torch.from_numpy(array) for name, array in arrays.load(path)[0].items()}
    estimate, target = images(1, (2, 1, 20, 18)).float(), images(2, (2, 1, 20, 18)).float()

    def features(image):
        mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        x = (image.repeat(1, 3, 1, 1) - mean[:, None, None]) / deviation[:, None, None]
        for position, pooled in ((0, False), (2, True), (5, False), (7, False)):
            x = torch.conv2d(x, weights[f"features.{position}.weight"], weights[f"features.{position}.bias"], padding=1)
            x = torch.max_pool2d(x.relu(), 2) if pooled else x.relu()
        return x

    loss = losses.build("perceptual", weights=path, sha256=sha256[:8], stage=2, convolution=2)
    assert loss(estimate, target).item() == pytest.approx(
        (features(estimate) - features(target)).square().mean().item()
    )


def test_perceptual_weights_that_are_missing_or_others_are_named(tmp_path):
    path, _ = random_vgg()
    with pytest.raises(InputError, match="does not begin with dcbb9e9d"):
        losses.build("perceptual", weights=path)
    with pytest.raises(InputError, match="are not at"):
        losses.build("perceptual", weights=str(tmp_path / "vgg19.pth"))
    damaged = tmp_path / "damaged.pth"
    damaged.write_bytes(b"no weights")
    with pytest.raises(InputError, match="holds no weights"):
        losses.build("perceptual", weights=str(damaged), sha256=files.sha256(damaged))


@pytest.mark.parametrize("form", ["vanilla", "least_squares", "relativistic"])
def test_a_discriminator_that_cannot_tell_costs_what_the_formula_says(form):
    """With all logits zero, cross entropies are log 2 and squared distances 1 and 1/2."""
    loss = losses.build("adversarial", content=None, weight=1.0, form=form, discriminator="plain").double()
    for parameter in loss.discriminator.parameters():
        torch.nn.init.zeros_(parameter)
    deceived, told = loss(images(1), images(2)).item(), loss.discriminator_loss(images(1), images(2)).item()
    assert (deceived, told) == pytest.approx((1, 0.5) if form == "least_squares" else (np.log(2), np.log(2)))


def test_each_side_of_an_adversarial_loss_trains_only_itself():
    loss = build("adversarial")
    estimate = images(1).requires_grad_()
    loss(estimate, images(2)).backward()
    assert estimate.grad.abs().sum() > 0
    assert all(p.grad is None for p in loss.discriminator.parameters())
    estimate.grad = None
    loss.discriminator_loss(estimate, images(2)).backward()
    assert estimate.grad is None
    assert all(p.grad is not None for p in loss.discriminator.parameters())


@pytest.mark.parametrize(("options", "count"), [({}, 23_565_505), ({"head": "pooled"}, 5_215_425)])
def test_the_discriminator_of_srgan_has_the_parameters_of_the_papers(options, count):
    network = discriminators.build("srgan", channels=3, **options)
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize("name", discriminators.available())
def test_a_discriminator_gives_one_logit_an_image(name):
    assert discriminators.build(name, channels=2)(torch.rand(3, 2, 96, 96)).shape == (3, 1)


def test_a_dense_head_names_the_size_that_it_takes():
    with pytest.raises(InputError, match=r"takes 96 x 96 pixels, got 64 x 80; set training\.patch to 96"):
        discriminators.build("srgan")(torch.rand(1, 1, 64, 80))
