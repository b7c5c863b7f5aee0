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
from mrisr.models._windows import WindowAttention


def cases() -> list[tuple[str, int]]:
    """Every architecture at every scale it has (1 to 4 where it has all)."""
    scales = {name: plugins.describe("models", name).constants["SCALES"] or (1, 2, 3, 4) for name in models.available()}
    return [(name, scale) for name, allowed in scales.items() for scale in allowed]


def smallest_scale(name: str) -> int:
    return min(plugins.constant("models", name, "SCALES") or [1])


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
    model = models.build(name, scale=scale).eval()
    with torch.no_grad():  # some parts begin at zero, and hide others until they have moved
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    (model(torch.rand(2, 1, 9, 8)) ** 2).mean().backward()
    for key, parameter in model.named_parameters():
        assert torch.isfinite(parameter.grad).all(), key
        assert parameter.grad.abs().max() > 0, key


@pytest.mark.parametrize("name", models.available())
def test_the_seed_decides_the_initial_weights(name):
    states = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        states.append(models.build(name, scale=smallest_scale(name)).state_dict())
    same, again, other = states
    assert all(torch.equal(same[key], again[key]) for key in same)
    assert any(not torch.equal(same[key], other[key]) for key in same)


@pytest.mark.parametrize("name", models.available())
def test_images_of_a_batch_do_not_see_each_other(name):
    model = models.build(name, scale=smallest_scale(name)).double().eval()
    batch = torch.rand(3, 1, 10, 9, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(model(batch)[1:2], model(batch[1:2]), rtol=1e-10, atol=1e-12)


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
        ("vdsr", {"scale": 4, "channels": 3}, 667_008),
        ("fmen", {"scale": 4, "channels": 3}, 1_045_866),
        ("fmen", {"scale": 4, "channels": 3, "form": "merged"}, 341_066),
        ("srresnet", {"scale": 2}, 1_381_011),
        ("srresnet", {"scale": 2, "channels": 3}, 1_401_749),
        ("srresnet", {"scale": 4, "channels": 3, "blocks": 5}, 734_219),
        ("rrlsrn", {"scale": 2}, 443_984),
        ("rrlsrn", {"scale": 2, "lapsrn": True}, 472_208),
        ("swinir", {"scale": 2, "channels": 3}, 910_152),
        ("nafnet", {"scale": 1, "channels": 3}, 17_111_907),
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
        ("rrlsrn", {"scale": 3}, "no scale 3"),
        ("rrlsrn", {"scale": 2, "layers": 1}, "2 or more"),
        ("vdsr", {"scale": 2, "layers": 2}, "3 or more"),
        ("fmen", {"scale": 2, "attention_features": 4}, "5 or more"),
        ("srresnet", {"scale": 2, "blocks": 0}, "1 or more"),
        ("plain", {"scale": 2, "features": 0}, "1 or more"),
        ("swinir", {"scale": 2, "heads": 7}, "a multiple of heads"),
        ("nafnet", {"scale": 2, "encoder": (1, 1)}, "as many levels"),
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


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_a_merged_fmen_gives_what_the_trained_one_gives(scale):
    torch.manual_seed(0)
    trained = models.build("fmen", scale=scale).eval()
    for module in trained.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    image = torch.rand(2, 1, 11, 14)
    with torch.no_grad():
        torch.testing.assert_close(trained.merged()(image), trained(image), rtol=0, atol=1e-6)
        twice = trained.double()
        torch.testing.assert_close(twice.merged()(image.double()), twice(image.double()), rtol=0, atol=1e-12)


def test_rrlsrn_without_residual_is_bilinear_interpolation_for_each_doubling():
    model = models.build("rrlsrn", scale=4, channels=2)
    for level in model.levels:
        torch.nn.init.zeros_(level.residual[-1].weight)
    image, once = torch.rand(1, 2, 9, 8), torch.nn.Upsample(scale_factor=2, mode="bilinear")
    expected = once(once(image))
    with torch.no_grad():
        torch.testing.assert_close(model(image)[..., 8:-8, 8:-8], expected[..., 8:-8, 8:-8])


def test_attention_sees_its_window_and_the_shifted_one_its_neighbours():
    """Without convolutions a change of one pixel reaches its window alone; a shift moves the windows by half."""
    torch.manual_seed(0)
    reached = {}
    for shift in (0, 4):
        attention = WindowAttention(6, 2, 8, shift)
        features = torch.rand(1, 24, 24, 6, requires_grad=True)
        attention(features)[0, 10, 10].sum().backward()
        rows = features.grad.abs().sum(dim=(0, 2, 3)).nonzero().flatten()
        reached[shift] = (rows.min().item(), rows.max().item())
    assert reached == {0: (8, 15), 4: (4, 11)}


def test_a_shifted_window_does_not_join_opposite_edges():
    torch.manual_seed(0)
    attention = WindowAttention(4, 1, 8, 4)
    features = torch.rand(1, 16, 16, 4, requires_grad=True)
    attention(features)[0, 0, 0].sum().backward()
    assert features.grad[0, 12:].abs().max() < 1e-20
    assert features.grad[0, :4, :4].abs().max() > 1e-6


def test_window_attention_is_softmax_of_scaled_products_with_a_bias_of_the_offset():
    """One window, computed pixel by pixel."""
    torch.manual_seed(0)
    attention = WindowAttention(4, 2, 3, 0).double()
    torch.nn.init.normal_(attention.position_bias)
    features = torch.rand(1, 3, 3, 4, dtype=torch.float64)
    parts = attention.all(features.view(9, 4)).view(9, 3, 2, 2)
    mixed = torch.zeros(9, 2, 2, dtype=torch.float64)
    for head in range(2):
        for i in range(9):
            offsets = [((i // 3 - j // 3) + 2) * 5 + (i % 3 - j % 3) + 2 for j in range(9)]
            scores = torch.stack([parts[i, 0, head] @ parts[j, 1, head] / 2**0.5 for j in range(9)])
            weights = (scores + attention.position_bias[offsets, head]).softmax(0)
            mixed[i, head] = weights @ parts[:, 2, head]
    torch.testing.assert_close(attention(features).view(9, 4), attention.project(mixed.view(9, 4)))


def test_nafnet_begins_as_bicubic_interpolation_but_for_its_first_and_last_convolutions():
    torch.manual_seed(0)
    model = models.build("nafnet", scale=2, features=4, encoder=(1,), decoder=(1,))
    torch.nn.init.zeros_(model.last.weight)
    torch.nn.init.zeros_(model.last.bias)
    image = torch.rand(1, 1, 7, 5)
    with torch.no_grad():
        assert torch.equal(model(image), model.enlarge(image))
