"""What one job reads, writes and is made of."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .identity import identity


@dataclass(frozen=True)
class Job:
    """One job.

    ``reads`` and ``writes`` are paths by role, ``record`` is its run.json, ``needs`` the identities of what it reads,
    ``wildcards`` what the rule knows it by.
    """

    stage: str
    settings: Mapping[str, Any]
    modules: tuple[str, ...]
    reads: Mapping[str, Any]
    writes: Mapping[str, str]
    record: str
    needs: Mapping[str, Any] = field(default_factory=dict)
    wildcards: Mapping[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def identity(self) -> str:
        """SHA-256 of what the job is made of."""
        return identity(self.stage, self.settings, self.modules, self.needs)

    def inputs(self) -> list[str]:
        """All paths that are read, in a stable order."""
        return sorted(set(_leaves(self.reads)))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, str):
        yield value
