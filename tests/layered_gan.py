"""DSGAN in the textbook form, layer by layer and slice by slice. Tests compare the batched, composed form with it.

Everything follows the type of the slice's images, so that the two forms can be compared in double precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mrisr.imaging.kernel import bicubic_kernel
from mrisr.kernels import _discriminator, _generator
from mrisr.kernels._crops import draw
from mrisr.kernels._gans import NOISE_BLOCK, GANOptions
from mrisr.kernels._regularisers import Schedule
from mrisr.kernels._seeds import CROPS, NOISE, WEIGHTS
from mrisr.kernels._slices import HR_CROP, LR_CROP, Slice
from torch import nn
from torch.nn import functional


class LayeredGenerator(nn.Sequential):
    """Six convolutions, the last of stride 2."""

    def __init__(self, weights: Sequence[np.ndarray]):
        layers = [nn.Conv2d(w.shape[1], w.shape[0], w.shape[2], bias=False) for w in weights]
        layers[-1].stride = (2, 2)
        super().__init__(*layers)
        for layer, values in zip(layers, weights, strict=True):
            layer.weight.data = torch.tensor(values)

    def kernel(self) -> torch.Tensor:
        """The kernel [13, 13]: the response to a delta, flipped; without the stride."""
        image = torch.zeros(1, 1, 25, 25, dtype=self[0].weight.dtype)
        image[..., 12, 12] = 1
        for layer in self:
            image = functional.conv2d(image, layer.weight)
        return image[0, 0].flip(0, 1)


class PlainDiscriminator(nn.Module):
    """Sobel maps, 7 x 7 convolution, five times (1 x 1 convolution, batch norm, ReLU), 1 x 1 convolution, sigmoid."""

    def __init__(self, weights: Mapping[str, np.ndarray], directions: Mapping[str, np.ndarray]):
        super().__init__()
        features = [nn.Conv2d(3, 64, 7), *(nn.Conv2d(64, 64, 1) for _ in weights["hidden"])]
        self.features = nn.ModuleList(nn.utils.spectral_norm(convolution) for convolution in features)
        self.norms = nn.ModuleList(nn.BatchNorm2d(64) for _ in weights["hidden"])
        self.last = nn.utils.spectral_norm(nn.Conv2d(64, 1, 1))
        matrices = [weights["first"], *weights["hidden"][..., None, None]]
        self.directions = [directions["first"], *directions["hidden"]]
        for layer, matrix, bias in zip(self.features, matrices, weights["cancelling"], strict=True):
            layer.weight_orig.data, layer.bias.data = torch.tensor(matrix), torch.tensor(bias)
        for norm, gamma, beta in zip(self.norms, weights["gamma"], weights["beta"], strict=True):
            norm.weight.data, norm.bias.data = torch.tensor(gamma), torch.tensor(beta)
        self.last.weight_orig.data = torch.tensor(weights["last"][..., None, None])
        self.last.bias.data = torch.tensor(weights["bias"][0])
        self.to(self.last.bias.dtype)
        self.rewind()

    def rewind(self) -> None:
        """Go back to the directions that the next power iteration starts from."""
        for layer, direction in zip(self.features, self.directions, strict=True):
            layer.weight_u = torch.tensor(direction)
        # A single row: any direction is the right one.
        self.last.weight_u = torch.ones(1, dtype=self.last.bias.dtype)

    def advance(self) -> None:
        """Take the directions that the last power iteration has reached."""
        self.directions = [layer.weight_u.numpy().copy() for layer in self.features]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """[1, 1, side, side] -> [1, 1, side - 6, side - 6]."""
        self.rewind()
        sobel = torch.from_numpy(_discriminator.FILTERS[1:, None]).to(image)
        edges = functional.conv2d(functional.pad(image, (1, 1, 1, 1), mode="replicate"), sobel)
        features = self.features[0](torch.cat([image, edges], 1))
        for layer, norm in zip(self.features[1:], self.norms, strict=True):
            features = torch.relu(norm(layer(features)))
        return torch.sigmoid(self.last(features))


class LayeredGAN:
    """The GAN of one slice in the textbook form. It gives the same numbers as `mrisr.kernels._gans.GANs`."""

    def __init__(self, one: Slice, settings: GANOptions):
        self.slice, self.settings = one, settings
        random, dtype = one.random(WEIGHTS), one.hr.dtype
        self.generator = LayeredGenerator([weights.astype(dtype) for weights in _generator.initial_weights(random)])
        weights, directions = _discriminator.initial_weights(random), _discriminator.initial_directions(random)
        self.discriminator = PlainDiscriminator(
            {name: values.astype(dtype) for name, values in weights.items()},
            {name: values.astype(dtype) for name, values in directions.items()},
        )
        adam = {"lr": settings.learning_rate, "betas": (0.5, 0.999)}
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), **adam)
        self.discriminator_adam = torch.optim.Adam(self.discriminator.parameters(), **adam)
        self.schedule = Schedule(settings.weights, 1, torch.device("cpu"))
        random = one.random(CROPS)
        self.hr_corners = draw(one.hr, HR_CROP, settings.iterations, random)
        self.lr_corners = draw(one.lr, LR_CROP, settings.iterations, random)
        self.bicubic = torch.from_numpy(bicubic_kernel().astype(dtype))[None, None]

    def step(self, iteration: int) -> None:
        """One iteration."""
        rate = self.settings.learning_rate * 0.1 ** (iteration // self.settings.drop_every)
        for optimiser in (self.generator_adam, self.discriminator_adam):
            optimiser.param_groups[0]["lr"] = rate
        hr = _crop(self.slice.hr, self.hr_corners[iteration], HR_CROP)
        self._train_generator(hr, iteration)
        self._train_discriminator(hr, _crop(self.slice.lr, self.lr_corners[iteration], LR_CROP), iteration)
        self.discriminator.advance()

    def _train_generator(self, hr: torch.Tensor, iteration: int) -> None:
        fake = self.generator(hr)
        adversarial = (1 - self.discriminator(fake)).abs().mean()
        bicubic = (fake - functional.conv2d(hr, self.bicubic, stride=2)).square().mean()
        loss = adversarial + self.schedule.total(bicubic[None], self.generator.kernel()[None]).sum()
        self.generator_adam.zero_grad()
        loss.backward(inputs=list(self.generator.parameters()))
        self.generator_adam.step()
        self.schedule.advance(bicubic.detach()[None], iteration + 1)

    def _train_discriminator(self, hr: torch.Tensor, lr: torch.Tensor, iteration: int) -> None:
        with torch.no_grad():
            fake = self.generator(hr) + self._noise(iteration)
        loss = 0.5 * (1 - self.discriminator(lr)).abs().mean() + 0.5 * self.discriminator(fake).abs().mean()
        self.discriminator_adam.zero_grad()
        loss.backward()
        self.discriminator_adam.step()

    def _noise(self, iteration: int) -> torch.Tensor:
        block, position = divmod(iteration, NOISE_BLOCK)
        if position == 0:
            drawn = self.slice.random(NOISE, block).standard_normal((NOISE_BLOCK, LR_CROP, LR_CROP), np.float32)
            self.noise = self.settings.noise * torch.from_numpy(drawn).to(torch.from_numpy(self.slice.hr[:1]))
        return self.noise[position]


def _crop(image: np.ndarray, corner: np.ndarray, size: int) -> torch.Tensor:
    row, column = corner
    return torch.from_numpy(image[row : row + size, column : column + size])[None, None]
