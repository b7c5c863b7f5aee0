"""What the checks of several sections share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from mrisr.errors import suggestion

Study = Any
"""The whole study, a `mrisr.study.config.StudyConfig`, as the check of one section sees it.

The study is made of the sections. A section that imported it would close a circle.
"""


def unknown(key: str, names: Iterable[str] | None, allowed: Iterable[str]) -> Iterable[str]:
    """A line for each name that is not allowed, and for each that stands there twice."""
    names = list(names or [])
    for name in dict.fromkeys(names):
        if name not in allowed:
            yield f"{key}: '{name}' is not known ({suggestion(name, allowed)})"
    yield from repeated(key, [name for name in names if name in allowed])


def repeated(key: str, values: Collection[Any]) -> Iterable[str]:
    """A line for each value that stands there twice."""
    for value in dict.fromkeys(values):
        if list(values).count(value) > 1:
            # A name in quotes, a number without.
            yield f"{key}: {value!r} stands there twice"


def listed(values: Iterable[Any]) -> str:
    """Values as a message lists them."""
    return ", ".join(map(str, values))
