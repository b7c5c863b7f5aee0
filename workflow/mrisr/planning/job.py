"""A job: what it reads, what it writes, and what its identity depends on."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mrisr.identity import identity


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    stage : str
        Name of its stage, as the identity has it.
    action : str
        Module whose function ``run(reads, writes, *, settings, identity, ...)`` does the work.
    settings : mapping
        Arguments of the action that change its results.
    modules : tuple of str
        Modules that the job runs, the action's first. The modules that these import are part of the identity too.
    reads, writes : mapping
        Paths by role.
    record : str
        Path of its run.json.
    needs : mapping
        Identities of the jobs whose outputs it reads.
    wildcards : mapping
        The rule's wildcards for this job.
    context : mapping
        Further arguments of the action that change no result.
    distributions : tuple of str
        Libraries beside the numerical ones whose versions change what it writes.
    """

    stage: str
    action: str
    settings: Mapping[str, Any]
    modules: tuple[str, ...]
    reads: Mapping[str, Any]
    writes: Mapping[str, str]
    record: str
    needs: Mapping[str, Any] = field(default_factory=dict)
    wildcards: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    distributions: tuple[str, ...] = ()

    @functools.cached_property
    def identity(self) -> str:
        """SHA-256 of everything that determines the job's results."""
        return identity(self.stage, self.settings, self.modules, self.needs, self.distributions)

    @property
    def fold(self) -> int:
        """The job's fold; 0 if there are no folds."""
        return int(self.wildcards.get("fold", 0))

    def sources(self) -> list[str]:
        """All paths that are read, in the order of ``reads``. A path may occur twice."""
        return list(_leaves(self.reads))

    def inputs(self) -> list[str]:
        """All paths that are read, sorted, each once."""
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
