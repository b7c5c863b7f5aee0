"""Reversed pairs: a downsampling network learns to make the degraded slice from its reference."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mrisr.pairs import Pair

from .sampling import Batch, Patches, WholeSlices


@dataclass(frozen=True)
class ReversedBatches:
    """The same batches, reference images first."""

    batches: WholeSlices | Patches

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return self.batches.steps

    def __call__(self, epoch: int, step: int) -> Batch:
        degraded, reference = self.batches(epoch, step)
        return reference, degraded


def reversed_pair(pair: Pair) -> Pair:
    """The pair whose input is the reference and whose target is the degraded slice."""
    return replace(pair, degraded=pair.reference, reference=pair.degraded)
