"""Adversarial loss: estimates have to pass for references before a discriminator (Goodfellow et al., 2014)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from mrisr import plugins
from mrisr.errors import InputError


class Adversarial(nn.Module):
    """content_weight * content + weight * (how clearly the discriminator recognises the estimate).

    Each step of the network follows a step of the discriminator. Validation measures the content loss alone
    (`content_of`): the discriminator changes during training, so its values at different epochs cannot be compared.

    Parameters
    ----------
    content : str, {"kind", "options"} or None
        A loss beside the adversarial one. Null: none; validation then measures the mean squared error.
    content_weight, weight : float
        Factors of the content and of the adversarial term (SRGAN: 1 and 1e-3).
    form : {"vanilla", "least_squares", "relativistic"}
        Binary cross entropy, not saturating (SRGAN); squared distance to 1 and 0 (Mao et al., ICCV 2017); cross
        entropy against the mean logit of the other kind (Jolicoeur-Martineau, ICLR 2019, as in ESRGAN).
    discriminator : str or {"kind", "options"}
        The network that is trained to recognise estimates.
    learning_rate : float or None
        Learning rate of the discriminator at the start; null: that of the network. Both follow the same schedule.
    channels : int
        Channels of the images.
    """

    PARTS = {"content": "losses", "discriminator": "discriminators"}
    IS_ADVERSARIAL = True

    def __init__(
        self,
        *,
        channels: int = 1,
        content: str | dict | None = "mse",
        content_weight: float = 1.0,
        weight: float = 1e-3,
        form: Literal["vanilla", "least_squares", "relativistic"] = "vanilla",
        discriminator: str | dict = "srgan",
        learning_rate: float | None = None,
    ):
        super().__init__()
        if min(content_weight, weight) <= 0:
            raise InputError("losses: adversarial's weight and content_weight must be positive")
        if learning_rate is not None and not learning_rate > 0:
            raise InputError(f"losses: adversarial's learning_rate must be positive, got {learning_rate}")
        self.content = None if content is None else plugins.build_part("losses", content, channels=channels)
        if getattr(self.content, "IS_ADVERSARIAL", False):
            raise InputError("losses: the content of an adversarial loss cannot be adversarial itself")
        self.content_weight, self.weight, self.form = content_weight, weight, form
        self.learning_rate = learning_rate
        self.discriminator = plugins.build_part("discriminators", discriminator, channels=channels)

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The network's loss: [N, C, H, W] twice -> scalar. Gradients reach the estimate only."""
        self.discriminator.requires_grad_(False)
        fake = self.discriminator(estimate)
        if self.form == "relativistic":
            real = self.discriminator(target)
            deceived = (_cross_entropy(fake - real.mean(), 1) + _cross_entropy(real - fake.mean(), 0)) / 2
        elif self.form == "least_squares":
            deceived = (fake - 1).square().mean()
        else:
            deceived = _cross_entropy(fake, 1)
        total = self.weight * deceived
        return total if self.content is None else total + self.content_weight * self.content(estimate, target)

    def discriminator_loss(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The discriminator's loss: [N, C, H, W] twice -> scalar. Gradients reach the discriminator only."""
        self.discriminator.requires_grad_(True)
        fake, real = self.discriminator(estimate.detach()), self.discriminator(target)
        if self.form == "relativistic":
            return (_cross_entropy(real - fake.mean(), 1) + _cross_entropy(fake - real.mean(), 0)) / 2
        if self.form == "least_squares":
            return ((real - 1).square().mean() + fake.square().mean()) / 2
        return (_cross_entropy(real, 1) + _cross_entropy(fake, 0)) / 2

    def content_of(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """What validation measures: the content, or the mean squared error: [N, C, H, W] twice -> scalar."""
        if self.content is None:
            return functional.mse_loss(estimate, target)
        return self.content(estimate, target)


def _cross_entropy(logits: torch.Tensor, label: float) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
