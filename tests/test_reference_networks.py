"""Networks against second implementations, written from the papers alone, with the same weights.

A state is copied in its own order. Two layers of one shape that were exchanged would change the output.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from mrisr import discriminators, models
from torch import nn
from torch.nn import functional

IMAGES = torch.rand((2, 2, 18, 16), generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def assert_agreement(model: nn.Module, reference: nn.Module, images: torch.Tensor = IMAGES) -> None:
    """Both give the same for the same weights, while training and while evaluating."""
    torch.manual_seed(1)
    model.double(), reference.double()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=math.sqrt(2 / max(parameter[0].numel(), 8)))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    own, other = model.state_dict(), reference.state_dict()
    assert [value.shape for value in own.values()] == [value.shape for value in other.values()]
    reference.load_state_dict(dict(zip(other, own.values(), strict=True)))
    with torch.no_grad():
        for mode in (False, True):
            found, expected = model.train(mode)(images), reference.train(mode)(images)
            assert expected.std() > 1e-5, "the weights let something through"
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-9 * max(1, expected.abs().max().item()))


def convolution(inputs: int, outputs: int, side: int = 3, **options) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, side, padding=side // 2, **options)


def enlarged(images: torch.Tensor, scale: int) -> torch.Tensor:
    """Keys' cubic with a = -1/2, pixel by pixel; the border is mirrored."""

    def weight(distance: float) -> float:
        d = abs(distance)
        if d >= 2:
            return 0.0
        return 1.5 * d**3 - 2.5 * d**2 + 1 if d <= 1 else -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2

    result = images.numpy()
    for axis in (2, 3):
        padded = np.pad(result, [(2, 2) if a == axis else (0, 0) for a in range(4)], mode="symmetric")
        rows = []
        for pixel in range(scale * result.shape[axis]):
            place = (pixel + 0.5) / scale - 0.5
            taps = [math.floor(place) + step for step in (-1, 0, 1, 2)]
            rows.append(sum(weight(place - tap) * padded.take(tap + 2, axis) for tap in taps))
        result = np.stack(rows, axis)
    return torch.from_numpy(result)


class DenseNet(nn.Module):
    """Section III A of the training-bias paper; growth and features as in its lead author's class."""

    def __init__(self, scale: int, fully_dense: bool):
        super().__init__()
        self.scale, self.fully_dense = scale, fully_dense
        self.initial = convolution(2, 25)
        self.dense = nn.ModuleList()
        for width in (25, 50, 75, 100, 125):
            for made in (0, 5, 10, 15, 20):
                self.dense.append(convolution(width + made if fully_dense or not made else made, 5))
        self.bottleneck, self.reconstruction = convolution(150, 125, 1), convolution(125, 2)

    def forward(self, images):
        everything = functional.leaky_relu(self.initial(enlarged(images, self.scale)), 0.2)
        for block in range(5):
            made = everything[:, :0]
            for layer in range(5):
                read = torch.cat([everything, made], 1) if self.fully_dense or layer == 0 else made
                new = functional.leaky_relu(self.dense[5 * block + layer](read), 0.2)
                made = torch.cat([made, new], 1)
            everything = torch.cat([everything, made], 1)
        return self.reconstruction(functional.leaky_relu(self.bottleneck(everything), 0.2)).tanh()


@pytest.mark.parametrize("fully_dense", [False, True])
@pytest.mark.parametrize("scale", [1, 2])
def test_srdensenet(scale, fully_dense):
    model = models.build("srdensenet", scale=scale, channels=2, fully_dense=fully_dense)
    assert_agreement(model, DenseNet(scale, fully_dense))


class Transposed(nn.Module):
    """A transposed convolution 4 x 4 of stride 2: zeros between the pixels, and a convolution in the strict sense."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs, 4, 4))

    def forward(self, images):
        count, channels, height, width = images.shape
        spread = images.new_zeros(count, channels, 2 * height - 1, 2 * width - 1)
        spread[..., ::2, ::2] = images
        return functional.conv2d(functional.pad(spread, (2, 2, 2, 2)), self.weight.flip(2, 3).transpose(0, 1))


class Doubling(nn.Module):
    """The robust-residual paper: 13 convolutions of 3 x 3 x 64, two transposed convolutions of 4 x 4 x 1."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(convolution(2 if n == 0 else 64, 64, bias=False) for n in range(13))
        self.residual, self.image = Transposed(64, 2), Transposed(2, 2)

    def forward(self, images):
        features = images
        for layer in self.convolutions:
            features = functional.leaky_relu(layer(features), 0.2)
        return self.image(images) + self.residual(features)


class LaplacianDoubling(nn.Module):
    """A level of LapSRN with the paper's number of convolutions: 1 + 11, transposed, 1."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(convolution(2 if n == 0 else 64, 64, bias=False) for n in range(12))
        self.enlarge, self.last = Transposed(64, 64), convolution(64, 2, bias=False)
        self.image = Transposed(2, 2)

    def forward(self, images):
        features = images
        for layer in self.convolutions:
            features = functional.leaky_relu(layer(features), 0.2)
        features = functional.leaky_relu(self.enlarge(features), 0.2)
        return self.image(images) + self.last(features)


@pytest.mark.parametrize(("lapsrn", "doubling"), [(False, Doubling), (True, LaplacianDoubling)])
@pytest.mark.parametrize("scale", [2, 4])
def test_rrlsrn_is_a_cascade_of_doublings(scale, lapsrn, doubling):
    reference = nn.Sequential(*(doubling() for _ in range(int(math.log2(scale)))))
    assert_agreement(models.build("rrlsrn", scale=scale, channels=2, lapsrn=lapsrn), reference)


class PooledDiscriminator(nn.Module):
    """Figure 4 of SRGAN: k3n64s1, with batch norm k3n64s2 to k3n512s2, two dense layers; here on mean features."""

    BLOCKS = ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2))

    def __init__(self):
        super().__init__()
        self.first, self.blocks, width = convolution(2, 64), nn.ModuleList(), 64
        for features, stride in self.BLOCKS:
            self.blocks += [convolution(width, features, stride=stride), nn.BatchNorm2d(features)]
            width = features
        self.dense, self.last = nn.Linear(512, 1024), nn.Linear(1024, 1)

    def forward(self, images):
        features = functional.leaky_relu(self.first(images), 0.2)
        for layer, norm in zip(self.blocks[::2], self.blocks[1::2], strict=True):
            features = functional.leaky_relu(norm(layer(features)), 0.2)
        return self.last(functional.leaky_relu(self.dense(features.mean((2, 3))), 0.2))


def test_the_pooled_discriminator_of_srgan():
    assert_agreement(discriminators.build("srgan", channels=2, head="pooled"), PooledDiscriminator())


class ResidualGenerator(nn.Module):
    """Figure 4 of SRGAN: k9n64, residual blocks of k3n64 with batch norm and PReLU, k3n256 with pixel shuffle, k9."""

    def __init__(self, scale: int, blocks: int):
        super().__init__()
        self.first, self.slope, self.blocks = convolution(2, 64, 9), nn.PReLU(), nn.ModuleList()
        for _ in range(blocks):
            parts = [convolution(64, 64), nn.BatchNorm2d(64), nn.PReLU(), convolution(64, 64), nn.BatchNorm2d(64)]
            self.blocks.append(nn.Sequential(*parts))
        self.middle, self.norm, self.doublings = convolution(64, 64), nn.BatchNorm2d(64), nn.ModuleList()
        for _ in range(int(math.log2(scale))):
            self.doublings += [convolution(64, 256), nn.PReLU()]
        self.last = convolution(64, 2, 9)

    def forward(self, images):
        shallow = features = self.slope(self.first(images))
        for block in self.blocks:
            features = block(features) + features
        features = self.norm(self.middle(features)) + shallow
        for layer, slope in zip(self.doublings[::2], self.doublings[1::2], strict=True):
            many = layer(features)
            count, channels, height, width = many.shape
            shuffled = many.view(count, channels // 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3)
            features = slope(shuffled.reshape(count, channels // 4, 2 * height, 2 * width))
        return self.last(features)


@pytest.mark.parametrize(("scale", "blocks"), [(2, 16), (4, 5)])
def test_srresnet(scale, blocks):
    assert_agreement(models.build("srresnet", scale=scale, channels=2, blocks=blocks), ResidualGenerator(scale, blocks))


class TwentyLayers(nn.Module):
    """VDSR: 20 convolutions of 3 x 3 without bias learn what the enlarged image lacks."""

    def __init__(self, scale: int):
        super().__init__()
        widths = [2, *[64] * 19, 2]
        self.scale = scale
        self.layers = nn.ModuleList(convolution(a, b, bias=False) for a, b in itertools.pairwise(widths))

    def forward(self, images):
        features = image = enlarged(images, self.scale)
        for layer in self.layers[:-1]:
            features = layer(features).clamp(min=0)
        return image + self.layers[-1](features)


@pytest.mark.parametrize("scale", [1, 2])
def test_vdsr(scale):
    assert_agreement(models.build("vdsr", scale=scale, channels=2), TwentyLayers(scale))


class FourConvolutions(nn.Module):
    """A generator of four convolutions on the enlarged image."""

    def __init__(self, scale: int, batch_norm: bool):
        super().__init__()
        self.scale, self.layers = scale, nn.ModuleList()
        for inputs in (2, 64, 64):
            self.layers += [convolution(inputs, 64), nn.BatchNorm2d(64) if batch_norm else nn.Identity()]
        self.last = convolution(64, 2)

    def forward(self, images):
        features = enlarged(images, self.scale)
        for layer, norm in zip(self.layers[::2], self.layers[1::2], strict=True):
            features = norm(layer(features)).clamp(min=0)
        return self.last(features)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("scale", [1, 2])
def test_the_generator_of_the_plain_gan(scale, batch_norm):
    model = models.build("plain", scale=scale, channels=2, batch_norm=batch_norm)
    assert_agreement(model, FourConvolutions(scale, batch_norm))


class MirroredConvolutions(nn.Module):
    """A discriminator of four convolutions, three of which halve the image."""

    def __init__(self, batch_norm: bool):
        super().__init__()
        self.first = nn.Conv2d(2, 32, 4, 2, 1)
        self.second, self.norm = nn.Conv2d(32, 64, 4, 2, 1), nn.BatchNorm2d(64) if batch_norm else nn.Identity()
        self.third, self.norm2 = nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128) if batch_norm else nn.Identity()
        self.last = convolution(128, 1)

    def forward(self, images):
        features = functional.leaky_relu(self.first(images), 0.2)
        features = functional.leaky_relu(self.norm(self.second(features)), 0.2)
        features = functional.leaky_relu(self.norm2(self.third(features)), 0.2)
        return self.last(features).flatten(1).mean(1, keepdim=True)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_discriminator_of_the_plain_gan(batch_norm):
    assert_agreement(discriminators.build("plain", channels=2, batch_norm=batch_norm), MirroredConvolutions(batch_norm))


def framed(features: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """A frame of one pixel that has a value for each channel."""
    count, channels, height, width = features.shape
    frame = values.view(1, -1, 1, 1).expand(count, channels, height + 2, width + 2).clone()
    frame[..., 1:-1, 1:-1] = features
    return frame


class Reparameterised(nn.Module):
    """FMEN's residual in residual block (Du et al., Figure 3)."""

    def __init__(self, width: int):
        super().__init__()
        self.expand, self.inner = convolution(width, 2 * width, 1), nn.Conv2d(2 * width, 2 * width, 3)
        self.reduce = convolution(2 * width, width, 1)

    def forward(self, features):
        wide = self.expand(features)
        return self.reduce(self.inner(framed(wide, self.expand.bias)) + wide) + features


def enhanced(width: int) -> nn.Sequential:
    return nn.Sequential(Reparameterised(width), nn.LeakyReLU(0.1), Reparameterised(width))


class HighFrequencyAttention(nn.Module):
    """BN, squeeze, enhanced blocks, BN, excite, BN, sigmoid, product."""

    def __init__(self, width: int, narrow: int, blocks: int):
        super().__init__()
        self.squeeze = nn.Conv2d(width, narrow, 3)
        self.blocks = nn.Sequential(*(enhanced(narrow) for _ in range(blocks)))
        self.excite = nn.Conv2d(narrow, width, 3)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (width, narrow, width))

    def normalised(self, features, which):
        norm = self.norms[which]
        normal = norm(features)
        deviation = torch.sqrt(norm.running_var + norm.eps)
        return framed(normal, norm.bias - norm.weight * norm.running_mean / deviation)

    def forward(self, features):
        narrow = functional.leaky_relu(self.squeeze(self.normalised(features, 0)), 0.1)
        narrow = functional.leaky_relu(self.blocks(narrow), 0.1)
        return torch.sigmoid(self.norms[2](self.excite(self.normalised(narrow, 1)))) * features


class FastMemoryEfficient(nn.Module):
    """FMEN while it is trained: 50 features, 4 pairs, the first attention with 12 features and two blocks."""

    def __init__(self, scale: int):
        super().__init__()
        self.scale, self.head, self.warm = scale, convolution(2, 50), convolution(50, 50)
        widths = [(12, 2), (16, 1), (16, 1), (16, 1), (16, 1)]
        self.attention = nn.ModuleList(HighFrequencyAttention(50, narrow, blocks) for narrow, blocks in widths)
        self.blocks = nn.ModuleList(enhanced(50) for _ in range(4))
        self.end, self.tail = convolution(50, 50), convolution(50, 2 * scale**2)

    def forward(self, images):
        head = self.head(images)
        deep = self.attention[0](self.warm(head))
        for block, attention in zip(self.blocks, list(self.attention)[1:], strict=True):
            deep = attention(block(deep))
        return functional.pixel_shuffle(self.tail(self.end(deep) + head), self.scale)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_fmen_while_it_is_trained(scale):
    assert_agreement(models.build("fmen", scale=scale, channels=2), FastMemoryEfficient(scale))
