"""N independent GANs, one per slice, trained as one batch.

The slices do not influence each other. The loss is a sum over slices, so each slice's weights get only their own
gradient, and Adam treats every weight by itself. The method is KernelGAN (Bell-Kligler et al. 2019) with the changes of
the realistic-downsampling paper. The spectral norms get one power iteration per update of the weights; KernelGAN's get
three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mrisr.imaging.kernel import SCALE, SIZE, bicubic_kernel

from . import _discriminator, _generator
from ._crops import Crops, draw
from ._products import row_times
from ._regularisers import Regularisation, Schedule
from ._seeds import CROPS, NOISE, WEIGHTS
from ._slices import HR_CROP, LR_CROP, Slice

NOISE_BLOCK = 50
"""Number of iterations for which noise is drawn at once."""
LOSSES = ("adversarial", "discriminator", "bicubic")


@dataclass(frozen=True)
class GANOptions:
    """How a GAN is trained. These are options of `mrisr.kernels.dsgan.DSGAN`."""

    iterations: int
    learning_rate: float
    drop_every: int
    noise: float
    share_fake: bool
    weights: Regularisation


class GANs:
    """Generators, discriminators, their optimisers and schedules for N slices.

    Parameters
    ----------
    slices : sequence of Slice
        Slices with structure, at least as large as a crop.
    settings : GANOptions
    device : torch.device
    """

    def __init__(self, slices: Sequence[Slice], settings: GANOptions, device: torch.device):
        self.slices, self.settings, self.device = slices, settings, device
        generators, discriminators, directions = zip(*map(_initial, slices), strict=True)
        self.generator = [_stack(weights, device).requires_grad_() for weights in zip(*generators, strict=True)]
        self.discriminator = {name: _stack([w[name] for w in discriminators], device) for name in discriminators[0]}
        self.directions = {name: _stack([d[name] for d in directions], device) for name in directions[0]}
        learned = [weights.requires_grad_() for name, weights in self.discriminator.items() if name != "cancelling"]
        # Fused: one pass over memory instead of a dozen.
        adam = {"lr": settings.learning_rate, "betas": (0.5, 0.999), "fused": True}
        self.generator_adam = torch.optim.Adam(self.generator, **adam)
        self.discriminator_adam = torch.optim.Adam(learned, **adam)
        self.schedule = Schedule(settings.weights, len(slices), device)
        hr_corners, lr_corners = zip(*(_corners(s, settings.iterations) for s in slices), strict=True)
        self.hr_crops = Crops([s.hr for s in slices], np.stack(hr_corners), HR_CROP, device)
        self.lr_crops = Crops([s.lr for s in slices], np.stack(lr_corners), LR_CROP, device)
        self.bicubic = torch.from_numpy(bicubic_kernel().astype(np.float32)).to(device).view(1, -1)
        self.kernels = _generator.compose(self.generator)
        self.noise = torch.empty(0)

    def step(self, iteration: int) -> torch.Tensor:
        """Train all generators, then all discriminators. Returns the losses [N, 3] (`LOSSES`) before the update."""
        rate = self.settings.learning_rate * 0.1 ** (iteration // self.settings.drop_every)
        patches = _generator.windows(self.hr_crops(iteration)[:, None], SIZE, SCALE)
        discriminators, self.directions = _discriminator.normalise(self.discriminator, self.directions)
        adversarial, bicubic, fake = self._train_generators(patches, discriminators.detached(), rate, iteration)
        if not self.settings.share_fake:
            fake = self._fake(self.kernels.detach(), patches)
        told_apart = self._train_discriminators(fake.detach(), discriminators, rate, iteration)
        return torch.stack([adversarial, told_apart, bicubic], 1).detach()

    def state(self) -> dict[str, torch.Tensor]:
        """All tensors that the next iteration needs, by name."""
        tensors = {f"generator/{layer}": weights for layer, weights in enumerate(self.generator)}
        tensors |= {f"discriminator/{name}": weights for name, weights in self.discriminator.items()}
        tensors |= {f"direction/{name}": direction for name, direction in self.directions.items()}
        for name, optimiser in (("generator", self.generator_adam), ("discriminator", self.discriminator_adam)):
            for position, state in optimiser.state_dict()["state"].items():
                tensors |= {f"{name} adam/{position}/{key}": value for key, value in state.items()}
        return tensors | {"schedule/bicubic": self.schedule.bicubic, "schedule/below": self.schedule.below}

    def restore(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Continue from a `state` of the same slices and options."""
        with torch.no_grad():
            for layer, weights in enumerate(self.generator):
                weights.copy_(tensors[f"generator/{layer}"])
            for name, weights in self.discriminator.items():
                weights.copy_(tensors[f"discriminator/{name}"])
        self.directions = {name: tensors[f"direction/{name}"].to(self.device) for name in self.directions}
        for name, optimiser in (("generator", self.generator_adam), ("discriminator", self.discriminator_adam)):
            moments: dict[int, dict[str, torch.Tensor]] = {}
            for path, value in tensors.items():
                if path.startswith(f"{name} adam/"):
                    position, key = path.split("/")[1:]
                    moments.setdefault(int(position), {})[key] = value
            optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
        self.schedule.bicubic = tensors["schedule/bicubic"].to(self.device)
        self.schedule.below = tensors["schedule/below"].to(self.device)
        self.kernels = _generator.compose(self.generator)

    def _train_generators(
        self, patches: torch.Tensor, discriminators: _discriminator.Normalised, rate: float, iteration: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        fake = self._fake(self.kernels, patches)
        adversarial = (1 - _discriminator.realism(discriminators, fake[:, None])).mean((1, 2))
        bicubic = (fake - self._fake(self.bicubic, patches)).double().square().mean((1, 2))
        total = adversarial + self.schedule.total(bicubic, self.kernels)
        _descend(self.generator_adam, total, rate)
        self.schedule.advance(bicubic.detach(), iteration + 1)
        self.kernels = _generator.compose(self.generator)
        return adversarial, bicubic, fake

    def _train_discriminators(
        self, fake: torch.Tensor, discriminators: _discriminator.Normalised, rate: float, iteration: int
    ) -> torch.Tensor:
        images = torch.stack([self.lr_crops(iteration), fake + self._noise(iteration)], 1)
        real, faked = _discriminator.realism(discriminators, images).mean(2).unbind(1)
        loss = 0.5 * (1 - real) + 0.5 * faked
        _descend(self.discriminator_adam, loss, rate)
        return loss

    def _fake(self, kernels: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
        """Downsample crops [N, 26, 26], each with its own kernel or all with one."""
        return row_times(kernels.reshape(-1, SIZE**2), patches).view(-1, LR_CROP, LR_CROP)

    def _noise(self, iteration: int) -> torch.Tensor:
        """Noise [N, 26, 26] of an iteration."""
        block, position = divmod(iteration, NOISE_BLOCK)
        if position == 0 or not len(self.noise):
            shape = (NOISE_BLOCK, LR_CROP, LR_CROP)
            drawn = [s.random(NOISE, block).standard_normal(shape, np.float32) for s in self.slices]
            self.noise = self.settings.noise * _stack(drawn, self.device)
        return self.noise[:, position]


def _descend(optimiser: torch.optim.Adam, losses: torch.Tensor, rate: float) -> None:
    (group,) = optimiser.param_groups
    group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    losses.sum().backward()
    optimiser.step()


def _initial(s: Slice) -> tuple[list[np.ndarray], Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    random = s.random(WEIGHTS)
    generators, discriminators = _generator.initial_weights(random), _discriminator.initial_weights(random)
    return generators, discriminators, _discriminator.initial_directions(random)


def _corners(s: Slice, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    random = s.random(CROPS)
    return draw(s.hr, HR_CROP, iterations, random), draw(s.lr, LR_CROP, iterations, random)


def _stack(arrays: Sequence[np.ndarray], device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.stack(arrays)).to(device)
