"""1 - mean structural similarity (Wang et al., IEEE TIP 13:600, 2004; as a loss: Zhao et al., IEEE TCI 3:47, 2017)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from mrisr.errors import InputError


class SSIM(nn.Module):
    """1 - mean over all windows that lie inside the image of

    (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2)),  C1 = (k1 L)^2,  C2 = (k2 L)^2,

    with Gaussian-weighted means m and population covariances s; data range L = 1.

    Parameters
    ----------
    window : int
        Side of the window in pixels, odd.
    sigma : float
        Standard deviation of the Gaussian weights, pixels.
    k1 : float
        Stabiliser of the luminance term, as a fraction of the data range.
    k2 : float
        Stabiliser of the contrast term, as a fraction of the data range.
    """

    def __init__(self, *, window: int = 11, sigma: float = 1.5, k1: float = 0.01, k2: float = 0.03):
        super().__init__()
        if window < 1 or window % 2 == 0:
            raise InputError(f"losses: ssim's window must be an odd number of pixels, got {window}")
        if sigma <= 0 or k1 <= 0 or k2 <= 0:
            raise InputError(f"losses: ssim's sigma, k1 and k2 must be positive, got {sigma}, {k1}, {k2}")
        self.c1, self.c2 = k1**2, k2**2
        offsets = torch.arange(window, dtype=torch.float64) - window // 2
        weights = torch.exp(-(offsets**2) / (2 * sigma**2))
        self.register_buffer("weights", weights / weights.sum(), persistent=False)

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] twice -> scalar; `InputError` if the images are smaller than the window."""
        window = len(self.weights)
        if min(estimate.shape[-2:]) < window:
            height, width = estimate.shape[-2:]
            raise InputError(f"losses: ssim needs images of {window} x {window} pixels or more, got {height} x {width}")
        x, y = estimate, target
        mx, my, mxx, myy, mxy = self._means(torch.stack([x, y, x * x, y * y, x * y]))
        sxx, syy, sxy = mxx - mx * mx, myy - my * my, mxy - mx * my
        luminance = (2 * mx * my + self.c1) / (mx * mx + my * my + self.c1)
        structure = (2 * sxy + self.c2) / (sxx + syy + self.c2)
        return 1 - (luminance * structure).mean()

    def _means(self, images: torch.Tensor) -> torch.Tensor:
        """Weighted mean in every window: [..., H, W] -> [..., H - window + 1, W - window + 1]."""
        # Images as channels of one depthwise convolution: ten times faster on a CPU than as a batch.
        count = images[..., 0, 0].numel()
        weights = self.weights.to(images.dtype).expand(count, 1, 1, -1)
        rows = functional.conv2d(images.reshape(1, count, *images.shape[-2:]), weights, groups=count)
        means = functional.conv2d(rows, weights.mT, groups=count)
        return means.reshape(*images.shape[:-2], *means.shape[-2:])
