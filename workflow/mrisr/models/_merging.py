"""Structural re-parameterisation: one convolution in the place of several linear layers (Ding et al., CVPR 2021)."""

from __future__ import annotations

import torch
from torch import nn

Weights = tuple[torch.Tensor, torch.Tensor]
"""Kernel [out, in, h, w] and bias [out] of a convolution."""


def merged_block(expand: nn.Conv2d, convolve: nn.Conv2d, reduce: nn.Conv2d) -> Weights:
    """x + reduce(e + convolve(e)) with e = expand(x), as one 3 x 3 convolution. e is padded with expand(0)."""
    first, last = expand.weight[:, :, 0, 0], reduce.weight[:, :, 0, 0]
    inner = convolve.weight + _identity(convolve.weight)
    kernel = torch.einsum("om,mnhw,ni->oihw", last, inner, first)
    bias = last @ (inner.sum(dim=(2, 3)) @ expand.bias + convolve.bias) + reduce.bias
    return kernel + _identity(kernel), bias


def merged_with_norm_before(norm: nn.BatchNorm2d, convolution: nn.Conv2d) -> Weights:
    """convolution(norm(x)) as one convolution. norm(x) is padded with norm(0)."""
    kernel = convolution.weight * _factor(norm)[None, :, None, None]
    return kernel, convolution.bias + convolution.weight.sum(dim=(2, 3)) @ value_of_zero(norm)


def merged_with_norm_after(kernel: torch.Tensor, bias: torch.Tensor, norm: nn.BatchNorm2d) -> Weights:
    """norm(kernel * x + bias) as one convolution."""
    factor = _factor(norm)
    return kernel * factor[:, None, None, None], bias * factor + value_of_zero(norm)


def value_of_zero(norm: nn.BatchNorm2d) -> torch.Tensor:
    """Output of a batch norm in evaluation mode for zeros, [C]."""
    return norm.bias - norm.running_mean * _factor(norm)


def _factor(norm: nn.BatchNorm2d) -> torch.Tensor:
    return norm.weight / (norm.running_var + norm.eps).sqrt()


def _identity(like: torch.Tensor) -> torch.Tensor:
    """The kernel [n, n, 3, 3] that changes nothing."""
    kernel = torch.zeros_like(like)
    kernel[:, :, 1, 1] = torch.eye(len(like), dtype=like.dtype, device=like.device)
    return kernel
