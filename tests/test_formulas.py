"""Networks against the formulas of their papers, written with bare convolutions and the networks' own weights."""

from __future__ import annotations

import pytest
import torch
from mrisr import discriminators, models
from torch.nn.functional import batch_norm, conv2d, conv_transpose2d, leaky_relu, linear, pixel_shuffle, prelu, relu


class Weights:
    """The state of a network by the beginning of its names."""

    def __init__(self, network: torch.nn.Module, seed: int = 0):
        draw = torch.Generator().manual_seed(seed)
        for name, array in network.double().eval().state_dict().items():
            if array.is_floating_point():
                noise = torch.rand(array.shape, generator=draw, dtype=torch.float64)
                array.copy_(noise + 0.5 if "running_var" in name else (noise - 0.5) * 0.3)
        self.state = network.state_dict()

    def __call__(self, name: str) -> torch.Tensor:
        return self.state[name]

    def conv(self, x: torch.Tensor, name: str, **options) -> torch.Tensor:
        """A convolution that keeps the size."""
        weight = self(f"{name}.weight")
        return conv2d(x, weight, self.state.get(f"{name}.bias"), padding=weight.shape[-1] // 2, **options)

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """Batch normalisation with the stored statistics."""
        parts = (self(f"{name}.{part}") for part in ("running_mean", "running_var", "weight", "bias"))
        return batch_norm(x, *parts)


def image(channels: int = 3, sides: tuple[int, int] = (9, 11)) -> torch.Tensor:
    return torch.rand(2, channels, *sides, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@torch.no_grad()
def test_vdsr_adds_what_twenty_convolutions_find():
    network, x = models.build("vdsr", scale=1, channels=3, features=6), image()
    w, features = Weights(network), image()
    for layer in range(20):
        features = w.conv(features if layer == 0 else relu(features), f"layers.{2 * layer}")
    torch.testing.assert_close(network(x), x + features, rtol=1e-10, atol=1e-12)


@torch.no_grad()
@pytest.mark.parametrize(("scale", "doublings"), [(1, 0), (2, 1), (4, 2)])
def test_srresnet_is_figure_4_of_its_paper(scale, doublings):
    network, x = models.build("srresnet", scale=scale, channels=3, features=5, blocks=2), image()
    w = Weights(network)
    first = prelu(w.conv(x, "first.0"), w("first.1.weight"))
    features = first
    for block in range(2):
        name = f"trunk.{block}.layers"
        inner = prelu(w.norm(w.conv(features, f"{name}.0"), f"{name}.1"), w(f"{name}.2.weight"))
        features = features + w.norm(w.conv(inner, f"{name}.3"), f"{name}.4")
    features = first + w.norm(w.conv(features, "trunk_end.0"), "trunk_end.1")
    for step in range(doublings):
        name = f"upsampler.{step}"
        features = prelu(pixel_shuffle(w.conv(features, f"{name}.0"), 2), w(f"{name}.2.weight"))
    torch.testing.assert_close(network(x), w.conv(features, "last"), rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_a_merged_fmen_is_figure_2_of_its_paper():
    """A convolution, a convolution and an attention block, pairs of blocks, a convolution and a long residual."""
    network, x = models.build("fmen", scale=4, channels=3, features=8, blocks=2, form="merged"), image()
    w = Weights(network)

    def pair(features: torch.Tensor, name: str) -> torch.Tensor:
        return w.conv(leaky_relu(w.conv(features, f"{name}.0"), 0.1), f"{name}.2")

    def attended(features: torch.Tensor, name: str, pairs: int) -> torch.Tensor:
        narrow = leaky_relu(w.conv(features, f"{name}.squeeze"), 0.1)
        for number in range(pairs):
            narrow = pair(narrow, f"{name}.blocks.{number}")
        return features * w.conv(leaky_relu(narrow, 0.1), f"{name}.excite").sigmoid()

    first = w.conv(x, "first")
    features = attended(w.conv(first, "second"), "attention.0", 2)
    for block in range(2):
        features = attended(pair(features, f"blocks.{block}"), f"attention.{block + 1}", 1)
    expected = pixel_shuffle(w.conv(w.conv(features, "trunk_end") + first, "last.0"), 4)
    torch.testing.assert_close(network(x), expected, rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_rrlsrn_adds_details_to_the_enlarged_image_for_each_doubling():
    """Thirteen convolutions and a transposed one to the image's channels, beside a transposed one of the image."""
    network, x = models.build("rrlsrn", scale=4, channels=2, features=4), image(channels=2)
    w, expected = Weights(network), image(channels=2)
    for level in range(2):
        features = expected
        for layer in range(13):
            features = leaky_relu(w.conv(features, f"levels.{level}.residual.{2 * layer}"), 0.2)
        details = conv_transpose2d(features, w(f"levels.{level}.residual.26.weight"), stride=2, padding=1)
        enlarged = conv_transpose2d(expected, w(f"levels.{level}.enlarge.weight"), stride=2, padding=1)
        expected = enlarged + details
    torch.testing.assert_close(network(x), expected, rtol=1e-10, atol=1e-12)


@torch.no_grad()
@pytest.mark.parametrize("head", ["dense", "pooled"])
def test_the_discriminator_of_srgan_is_figure_4_of_its_paper(head):
    network = discriminators.build("srgan", channels=3, head=head, side=32, features=3)
    w, x = Weights(network), image(sides=(32, 32))
    features = leaky_relu(w.conv(x, "features.0"), 0.2)
    for layer, stride in enumerate((2, 1, 2, 1, 2, 1, 2)):
        place = 2 + 3 * layer
        features = w.norm(w.conv(features, f"features.{place}", stride=stride), f"features.{place + 1}")
        features = leaky_relu(features, 0.2)
    flat, shift = (features.flatten(1), 0) if head == "dense" else (features.mean(dim=(2, 3)), 1)
    hidden = leaky_relu(linear(flat, w(f"head.{1 + shift}.weight"), w(f"head.{1 + shift}.bias")), 0.2)
    expected = linear(hidden, w(f"head.{3 + shift}.weight"), w(f"head.{3 + shift}.bias"))
    torch.testing.assert_close(network(x), expected, rtol=1e-10, atol=1e-12)
