"""Contract of every architecture on the shelf, and what is known about the ones from the papers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from mrisr import models, plugins
from mrisr.errors import InputError
from mrisr.imaging.resampling import resample
from mrisr.models._bicubic import BicubicUpsampling


def cases() -> list[tuple[str, int]]:
    """Every architecture at every scale it has (1 to 4 where it has all)."""
    scales = {name: plugins.describe("models", name).constants["SCALES"] or (1, 2, 3, 4) for name in models.available()}
    return [(name, scale) for name, allowed in scales.items() for scale in allowed]


def parameters(name: str, **options) -> int:
    return sum(parameter.numel() for parameter in models.build(name, **options).parameters())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("name", "scale"), cases())
def test_the_output_is_scale_times_the_input_also_for_odd_sizes(name, scale, channels):
    model = models.build(name, scale=scale, channels=channels)
    with torch.no_grad():
        assert model(torch.rand(2, channels, 7, 12)).shape == (2, channels, 7 * scale, 12 * scale)


@pytest.mark.parametrize(("name", "scale"), cases())
def test_every_parameter_gets_a_gradient(name, scale):
    torch.manual_seed(0)
    model = models.build(name, scale=scale)
    (model(torch.rand(2, 1, 9, 8)) ** 2).mean().backward()
    for key, parameter in model.named_parameters():
        assert torch.isfinite(parameter.grad).all(), key
        assert parameter.grad.abs().max() > 0, key


@pytest.mark.parametrize("name", models.available())
def test_the_seed_decides_the_initial_weights(name):
    states = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        states.append(models.build(name, scale=1).state_dict())
    same, again, other = states
    assert all(torch.equal(same[key], again[key]) for key in same)
    assert any(not torch.equal(same[key], other[key]) for key in same)


@pytest.mark.parametrize("name", models.available())
def test_images_of_a_batch_do_not_see_each_other(name):
    model = models.build(name, scale=1).eval()
    batch = torch.rand(3, 1, 10, 9)
    with torch.no_grad():
        torch.testing.assert_close(model(batch)[1:2], model(batch[1:2]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        ("srcnn", {"scale": 1}, 57_281),
        ("srdensenet", {"scale": 1}, 48_501),
        ("srdensenet", {"scale": 1, "fully_dense": True}, 116_001),
        ("rrdbnet", {"scale": 1}, 2_233_345),
        ("rrdbnet", {"scale": 4}, 2_307_201),
        ("rrdbnet", {"scale": 1, "unshuffle": 4}, 2_315_841),
        ("edsr", {"scale": 2}, 1_367_553),
    ],
)
def test_parameter_counts_are_the_published_ones(name, options, count):
    assert parameters(name, **options) == count


def test_the_residual_branches_of_rrdbnet_start_small():
    torch.manual_seed(0)
    layer = models.build("rrdbnet", scale=1).trunk[0].blocks[0].layers[0]
    assert layer.weight.std().item() == pytest.approx(0.1 * (2 / (64 * 9)) ** 0.5, rel=0.05)
    assert layer.bias.abs().max() == 0


@pytest.mark.parametrize(("scale", "upsampler"), [(1, 0), (2, 4), (3, 9), (4, 8)])
def test_the_upsampler_of_edsr_is_all_that_depends_on_the_scale(scale, upsampler):
    """One convolution of 64 to 64 step^2 features for each step: 4 for a doubling, 9 for a tripling."""
    assert parameters("edsr", scale=scale) == parameters("edsr", scale=1) + upsampler * (64 * 9 + 1) * 64


def test_edsr_without_residuals_is_its_first_and_last_convolutions():
    """Zero weights in the trunk leave the long residual: the features of the first convolution reach the last one."""
    torch.manual_seed(0)
    model = models.build("edsr", scale=1)
    for parameter in (*model.trunk.parameters(), *model.trunk_end.parameters()):
        torch.nn.init.zeros_(parameter)
    image = torch.rand(1, 1, 9, 8)
    torch.testing.assert_close(model(image), model.last(model.first(image)))


def test_a_residual_block_of_edsr_scales_its_residual():
    torch.manual_seed(0)
    block = models.build("edsr", scale=1, features=4, blocks=1, residual_scale=0.25).trunk[0]
    features = torch.rand(1, 4, 6, 5)
    torch.testing.assert_close(block(features) - features, 0.25 * block.layers(features))


def test_the_estimate_of_srdensenet_lies_between_minus_one_and_one():
    model = models.build("srdensenet", scale=1)
    with torch.no_grad():
        assert model(1e3 * torch.rand(1, 1, 8, 8)).abs().max() <= 1


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("name", [n for n in models.available() if "skip" in plugins.describe("models", n).options])
def test_with_a_skip_and_no_weights_a_network_is_bicubic_interpolation(name, scale):
    model = models.build(name, scale=scale, skip=True)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    image = np.random.default_rng(0).random((1, 1, 6, 5), np.float32)
    with torch.no_grad():
        estimate = model(torch.from_numpy(image)).numpy()
    np.testing.assert_allclose(estimate, resample(image, (6 * scale, 5 * scale)), atol=1e-6)


def test_enlargement_keeps_a_ramp_where_it_is():
    ramp = torch.arange(20.0)[None, None, :, None].expand(1, 1, 20, 20)
    enlarged = BicubicUpsampling(2)(ramp)[0, 0, 8:32, 20]
    torch.testing.assert_close(enlarged, (torch.arange(8.0, 32) + 0.5) / 2 - 0.5)


def test_enlargement_by_one_changes_nothing():
    image = torch.rand(1, 1, 5, 4)
    assert BicubicUpsampling(1)(image) is image


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("rrdbnet", {"scale": 3}, "no scale 3"),
        ("srcnn", {"scale": 0}, "no scale 0"),
        ("srcnn", {"scale": 1, "channels": 0}, "0 channels"),
        ("srcn", {"scale": 1}, "did you mean 'srcnn'"),
        ("srcnn", {"scale": 1, "feature": 3}, "did you mean 'features'"),
        ("srcnn", {"scale": 1, "features": (8,)}, "1 features need 2 kernels"),
        ("srcnn", {"scale": 1, "kernels": (9, 4, 5)}, "odd"),
        ("srdensenet", {"scale": 1, "growth": 0}, "1 or more"),
        ("rrdbnet", {"scale": 1, "unshuffle": 3}, "allowed: 1, 2, 4"),
        ("edsr", {"scale": 5}, "no scale 5"),
        ("edsr", {"scale": 2, "blocks": 0}, "1 or more"),
        ("edsr", {"scale": 2, "residual_scale": 0.0}, "must be positive"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(name, options, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        models.build(name, **options)
    assert len(error.value.problems) == 1


def test_looking_at_the_shelves_does_not_import_torch():
    look = (
        "import sys; from mrisr import losses, models, plugins; "
        "[plugins.describe('models', name) for name in models.available()]; losses.available(); "
        "models.require_scale('rrdbnet', 2); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", look]).returncode == 0
