"""The one exception that is meant for the person at the keyboard."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
