"""Wiener restoration: the best linear estimate for a known kernel (Wiener 1949; Zhao et al., TIP 25:3683, 2016)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from mrisr import plugins
from mrisr.errors import InputError
from mrisr.imaging.planes import as_planes

FIELD = 64
"""Side of the low-resolution image in which the kernel is measured, pixels."""
MARGIN = 16
"""Width in pixels of the mirrored margin, which keeps opposite edges from mixing."""


class Wiener:
    """The linear estimate with the least expected squared error, for images whose power falls as 1 / frequency^2.

    Unlike all other methods it knows a degradation. With the right one it is an upper bound for linear methods, with a
    wrong one a control. The degradation must be linear and the same at every place. Its kernel is measured by degrading
    single points. The estimate is x^ = S H* y / (sum over aliases of S |H|^2 + noise).

    Parameters
    ----------
    degradation : str or {"kind", "options"}
        The degradation that made the input.
    noise : float
        Power of the noise as a fraction of the image's power, per pixel.
    border : {"periodic", "mirror"}
        How the degradation continues the image beyond its edge: operators in k-space repeat it, and filters of
        neighbouring pixels mostly mirror it.
    """

    GRIDS = ("same", "low")
    PARTS = {"degradation": "degradations"}
    RESTORES = True

    def __init__(
        self,
        *,
        scale: int,
        grid: Literal["same", "low"] = "low",
        degradation: str | dict = "gaussian",
        noise: float = 1e-4,
        border: Literal["periodic", "mirror"] = "periodic",
    ):
        if not noise > 0:
            raise InputError(f"wiener: noise must be positive, not {noise!r}")
        kind, options = plugins.kind_and_options(degradation)
        if not plugins.constant("degradations", kind, "LINEAR"):
            raise InputError(f"wiener: the degradation '{kind}' is not linear; a Wiener filter needs a kernel")
        self.step, self.noise = scale if grid == "low" else 1, noise
        self.margin = MARGIN if border == "mirror" else 0
        self.kernel = _kernel(plugins.build("degradations", kind, scale=scale, grid=grid, **options), self.step)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Images [h, w], [C, h, w] or [N, C, h, w] as float32 on the high-resolution grid."""
        planes = as_planes(images).astype(np.float64)
        estimates = np.stack([self._restore(plane) for plane in planes]).astype(np.float32)
        return estimates.reshape(*np.shape(images)[:-2], *estimates.shape[-2:])

    def _restore(self, plane: np.ndarray) -> np.ndarray:
        step, mean = self.step, plane.mean()
        low = np.pad(plane - mean, self.margin, mode="symmetric")
        shape = tuple(side * step for side in low.shape)
        response, power = _transfer(self.kernel, shape), _power(shape)
        aliased = _folded(power * np.abs(response) ** 2, step) / step**2
        weight = np.fft.fft2(low) / (aliased + self.noise * power.mean() * step**2)
        spectrum = power * response.conj() * np.tile(weight, (step, step))
        rows, columns = (slice(self.margin * step, side - self.margin * step) for side in shape)
        return mean + np.fft.ifft2(spectrum).real[rows, columns]


def _kernel(degrade: Any, step: int) -> np.ndarray:
    """Impulse response on the high grid, measured by degrading single points.

    A point at offset p within its block gives every step-th value of the response, so step^2 points give all values.
    """
    side, centre = FIELD * step, FIELD // 2 * step
    response = np.zeros((side, side))
    for row in range(step):
        for column in range(step):
            point = np.zeros((side, side), np.float64)
            point[centre + row, centre + column] = 1
            low = np.asarray(degrade(point), np.float64)
            # y[n] = sum over m of h[step n - m] x[m]: a point at m shows h at step n - m.
            response[(step - row) % step :: step, (step - column) % step :: step] = _shifted(low, row, column)
    return np.roll(response, (-centre, -centre), axis=(0, 1))


def _shifted(low: np.ndarray, row: int, column: int) -> np.ndarray:
    """The samples in the order of their places in the response. Samples of later points are moved by one."""
    return np.roll(low, (-int(row > 0), -int(column > 0)), axis=(0, 1))


def _transfer(kernel: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Transfer function of a kernel around index 0, for images of a shape."""
    placed = np.zeros(shape)
    reach = [min(side, own) // 2 for side, own in zip(shape, kernel.shape, strict=True)]
    for rows in (slice(0, reach[0]), slice(-reach[0], None)):
        for columns in (slice(0, reach[1]), slice(-reach[1], None)):
            placed[rows, columns] = kernel[rows, columns]
    return np.fft.fft2(placed)


def _power(shape: tuple[int, ...]) -> np.ndarray:
    """Expected power of an image's frequencies, 1 / |f|^2. Frequency zero gets the power of the next one."""
    rows, columns = (np.fft.fftfreq(side) for side in shape)
    square = rows[:, None] ** 2 + columns**2
    return 1 / np.maximum(square, 1 / max(shape) ** 2)


def _folded(spectrum: np.ndarray, step: int) -> np.ndarray:
    """Sum over the frequencies that cannot be told apart after taking every step-th pixel."""
    height, width = (side // step for side in spectrum.shape)
    return spectrum.reshape(step, height, step, width).sum(axis=(0, 2))
