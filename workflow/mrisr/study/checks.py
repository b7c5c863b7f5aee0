"""What the checks of several sections share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from mrisr.errors import suggestion

Study = Any
"""Type of a whole study in the check of one section: a `mrisr.study.config.StudyConfig`.

A section cannot import that class, because the class is made of the sections.
"""


def unknown(key: str, names: Iterable[str] | None, allowed: Iterable[str]) -> Iterable[str]:
    """One line for each name that is not allowed, and for each name that is given twice."""
    names = list(names or [])
    for name in dict.fromkeys(names):
        if name not in allowed:
            yield f"{key}: '{name}' is not known ({suggestion(name, allowed)})"
    yield from repeated(key, [name for name in names if name in allowed])


def repeated(key: str, values: Collection[Any]) -> Iterable[str]:
    """One line for each value that is given twice."""
    for value in dict.fromkeys(values):
        if list(values).count(value) > 1:
            # A name in quotes, a number without.
            yield f"{key}: {value!r} is listed twice"


def listed(values: Iterable[Any]) -> str:
    """Values as a message lists them."""
    return ", ".join(map(str, values))
