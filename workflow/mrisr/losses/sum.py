"""A weighted sum of losses."""

from __future__ import annotations

import torch
from torch import nn

from mrisr import plugins
from mrisr.errors import InputError


class Sum(nn.Module):
    """weights[0] * terms[0] + weights[1] * terms[1] + ...

    Parameters
    ----------
    terms : list of (str or {"kind", "options"})
        Losses.
    weights : list of float
        One positive number for each term; null: all 1.
    """

    PARTS = {"terms": "losses"}

    def __init__(self, *, terms: list, weights: list[float] | None = None):
        super().__init__()
        if not terms:
            raise InputError("losses: sum needs a term or more")
        self.weights = [1.0] * len(terms) if weights is None else weights
        if len(self.weights) != len(terms) or min(self.weights) <= 0:
            raise InputError(f"losses: sum needs one positive weight for each of its {len(terms)} terms, got {weights}")
        self.terms = nn.ModuleList(plugins.build_part("losses", term) for term in terms)

    def forward(self, estimate: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] twice -> scalar."""
        return sum(weight * term(estimate, target) for weight, term in zip(self.weights, self.terms, strict=True))
