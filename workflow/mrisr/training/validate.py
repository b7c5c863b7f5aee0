"""Measures a network on the validation slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from mrisr.pairs import Pair


@torch.no_grad()
def validate(
    model: torch.nn.Module,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    pairs: Sequence[Pair],
    *,
    device: torch.device,
    stop: Callable[[], object],
) -> tuple[float, float] | None:
    """Mean loss and mean PSNR (dB, data range 1) over the slices; for the PSNR, estimates are clamped to [0, 1].

    None if ``stop``, called before each slice, says to stop.
    """
    model.eval()
    losses, psnrs = [], []
    for pair in pairs:
        if stop():
            return None
        images = pair.loaded()
        degraded, reference = (torch.from_numpy(i)[None].to(device) for i in (images.degraded, images.reference))
        estimate = model(degraded)
        losses.append(loss(estimate, reference).double())
        error = (estimate.clamp(0, 1).double() - reference.double()).square().mean()
        psnrs.append(-10 * torch.log10(error))
    return torch.stack(losses).mean().item(), torch.stack(psnrs).mean().item()
