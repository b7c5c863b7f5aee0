"""`InputError`, the exception for mistakes of the user, and the checks that most often raise it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping


class InputError(Exception):
    """Something the user gave is wrong.

    Parameters
    ----------
    *problems : str
        One line each: what is wrong, where (file, subject, key), what would be right. The command line and the
        Snakefile print them without a traceback.
    """

    def __init__(self, *problems: str):
        self.problems = list(problems)
        super().__init__("\n".join(problems))


def suggestion(name: str, allowed: Iterable[str]) -> str:
    """``did you mean 'x'? allowed: a, b, c``: the end of a sentence about an unknown name."""
    allowed = sorted(allowed)
    near = difflib.get_close_matches(str(name), allowed, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}allowed: {', '.join(allowed) or 'none'}"


def require_integer(name: str, value: object, *, at_least: int) -> None:
    """Raise `InputError` unless ``value`` is an integer of at least ``at_least``. True and false are no integers.

    ``name`` is what the message calls the value.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise InputError(f"{name} must be an integer of at least {at_least}, not {value!r}")


def require_not_negative(method: str, values: Mapping[str, float]) -> None:
    """Raise `InputError` unless each of a method's options is a finite number of at least 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"{method}: {name} must be a number of at least 0, not {value!r}")
