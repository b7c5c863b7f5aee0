"""DSGAN: a downsampling kernel for each slice, learned by a small GAN (Huang et al. 2021, after KernelGAN, 2019)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch

from mrisr.errors import InputError, require_integer, require_not_negative
from mrisr.imaging.estimation import Estimation, Keeper
from mrisr.imaging.kernel import SCALE, normalised
from mrisr.memory import keep_freed_memory
from mrisr.meter import ProgressMeter

from ._batches import batch_size
from ._gans import GANOptions
from ._regularisers import Regularisation
from ._slices import prepared
from ._work import Work


class DSGAN:
    """A linear generator learns to make crops of the high-resolution slice look like crops of the low-resolution one.

    Its six convolutions form one kernel of 13 x 13 taps. A discriminator judges 7 x 7 patches. High-resolution and
    low-resolution crops are drawn independently, so the two scans need not be registered exactly.

    Parameters
    ----------
    scale : int
        2.
    iterations : int
        Steps of each GAN.
    learning_rate : float
        Adam's learning rate at the start.
    drop_every : int
        The learning rate is divided by 10 at every multiple of this many iterations.
    noise : float
        Standard deviation of the noise added to the fakes that the discriminators learn from. Images are in [-1, 1].
    share_fake : bool
        Train the discriminators on the generators' output from before the generators' step, not after it.
    bicubic : float
        Initial weight of the bicubic loss.
    sum_to_one : float
        Weight of the regulariser that draws the sum of the kernel to 1.
    boundaries : float
        Weight of the regulariser against large taps at the border.
    centre : float
        Weight of the regulariser that draws the centre of mass to the middle. It applies below ``constrain_below``.
    sparse : float
        Weight of the regulariser for few large taps. It applies below ``constrain_below``.
    gate : float
        The weight of the bicubic loss begins to fall when the loss was below this value three times in a row.
    decay : float
        Factor by which the weight of the bicubic loss then falls.
    decay_every : int
        The weight of the bicubic loss falls at every multiple of this many iterations.
    constrain_below : float
        When the weight of the bicubic loss is below this value, the regularisers ``centre`` and ``sparse`` are added.
    largest : int, optional
        Number of largest taps to keep. The others become zero. By default all are kept; KernelGAN keeps 40.
    attempts : int
        How often a slice is tried if its GAN diverges, each time with other random numbers.
    batch : int, optional
        Slices that train at a time: by default 16, on CUDA 64. On a CPU the kernels do not depend on it.
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes CUDA if there is a GPU.
    """

    GIVES = "kernels"
    SCALES = (2,)
    LEAST_SIDE = 64
    """Side of a crop of the high-resolution slice in pixels."""
    VARIES = "the PSNR of one seed differed by 0.17 dB between two processors"
    """Seen in the small realistic-downsampling study (docs/methods.md). A GAN magnifies differences in last digits."""

    def __init__(
        self,
        *,
        scale: int,
        iterations: int = 3000,
        learning_rate: float = 2e-4,
        drop_every: int = 750,
        noise: float = 0.00392156862745098,
        share_fake: bool = False,
        bicubic: float = 5.0,
        sum_to_one: float = 0.5,
        boundaries: float = 0.5,
        centre: float = 1.0,
        sparse: float = 5.0,
        gate: float = 0.4,
        decay: float = 0.01,
        decay_every: int = 200,
        constrain_below: float = 0.005,
        largest: int | None = None,
        attempts: int = 3,
        batch: int | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto",
    ):
        if scale != SCALE:
            raise InputError(f"dsgan: estimates kernels at scale {SCALE}, not {scale!r}")
        counts = {"iterations": iterations, "drop_every": drop_every, "decay_every": decay_every, "attempts": attempts}
        counts |= {name: value for name, value in (("largest", largest), ("batch", batch)) if value is not None}
        for name, value in counts.items():
            require_integer(f"dsgan: {name}", value, at_least=1)
        weights = Regularisation(
            bicubic, sum_to_one, boundaries, centre, sparse, gate, decay, decay_every, constrain_below
        )
        require_not_negative("dsgan", {"learning_rate": learning_rate, "noise": noise, **vars(weights)})
        self.settings = GANOptions(iterations, learning_rate, drop_every, noise, share_fake, weights)
        self.largest, self.attempts, self.batch, self.device = largest, attempts, batch, _device(device)

    def __call__(
        self,
        hr_slices: Sequence[np.ndarray],
        lr_slices: Sequence[np.ndarray],
        *,
        seed: int,
        slice_ids: Sequence[str | int] | None = None,
        progress: Callable[[int, int], ProgressMeter] | None = None,
        keeper: Keeper | None = None,
    ) -> Estimation:
        """Estimate a kernel for each pair of slices; arguments as in `mrisr.kernels.estimate_report`."""
        slices = prepared(hr_slices, lr_slices, seed, slice_ids)
        keep_freed_memory()
        work = Work(
            slices,
            settings=self.settings,
            attempts=self.attempts,
            batch=self.batch or batch_size(self.device),
            finish=self._finish,
            device=self.device,
        )
        return work.run(progress, keeper)

    def _finish(self, kernel: np.ndarray) -> np.ndarray:
        """The kernel scaled to sum 1; with the option ``largest``, only its largest taps."""
        if self.largest is not None and self.largest < kernel.size:
            kernel = np.where(kernel >= np.sort(kernel, axis=None)[-self.largest], kernel, 0)
        return normalised(kernel)


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("dsgan: there is no CUDA device here; set device to auto or cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
