"""Products of stacked matrices, one per slice. Each slice's result is the same to the bit in any stack.

A matrix library chooses its algorithm by the number of matrices in a stack and by their alignment in memory, and the
algorithms round differently. In some thousand iterations a GAN turns such a difference of 1e-7 into half a decibel.
Therefore, on a CPU, each slice's matrices are multiplied in a call of their own. Products with a vector are elementwise
products and sums, because libraries have special algorithms for them that depend on the alignment. The matrices here
hold a multiple of 16 numbers, so each begins at a multiple of 64 bytes in any stack.
"""

from __future__ import annotations

import torch


def multiply(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Matrices [N, l, m] times matrices [N, m, n], pair by pair: [N, l, n]."""
    return _Multiply.apply(a, b) if a.device.type == "cpu" else a @ b


def row_times(rows: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Rows [..., m] times matrices [..., m, n], pair by pair: [..., n]."""
    return (rows[..., None] * matrices).sum(-2)


def times_column(matrices: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Matrices [..., m, n] times columns [..., n], pair by pair: [..., m]."""
    return (matrices * columns[..., None, :]).sum(-1)


class _Multiply(torch.autograd.Function):
    """Stacked matrix products, with one call of the matrix library per pair."""

    @staticmethod
    def forward(ctx, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(a, b)
        return _each(a, b)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        a, b = ctx.saved_tensors
        return (
            _each(gradient, b.transpose(1, 2)) if ctx.needs_input_grad[0] else None,
            _each(a.transpose(1, 2), gradient) if ctx.needs_input_grad[1] else None,
        )


def _each(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    product = a.new_empty(len(a), a.shape[1], b.shape[2])
    for one, other, out in zip(a.unbind(), b.unbind(), product.unbind(), strict=True):
        torch.mm(one, other, out=out)
    return product
