"""A folder that holds several images or series: the message that lists them, and how a manifest names one of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from mrisr.errors import InputError

SHOWN = 12
"""Choices that a message lists at most."""
_NOT_IN_A_LINE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's control characters, bytes that are no text, and ends of lines and paragraphs."""


class Undecided(InputError):
    """None of several images or series is chosen, or one that is not there.

    Parameters
    ----------
    problem : str
        What is wrong.
    choices : sequence of str
        Values of the manifest's column for the kind, each of which chooses one image or series.
    """

    def __init__(self, problem: str, choices: Sequence[str]):
        self.problem, self.choices = problem, list(choices)
        super().__init__(self.line())

    def line(self, column: str = "kind") -> str:
        """The message for a column that says a kind (``kind``, ``lr_kind``, ``mask_kind``)."""
        shown = ", ".join(self.choices[:SHOWN])
        more = len(self.choices) - SHOWN
        return f"{self.problem}; set {column} to one of {shown}" + (f" and {more} more" if more > 0 else "")


def is_writable(text: str) -> bool:
    """Whether a manifest's cell can hold a text: it has nothing that ends a line or a cell, and no space at an end."""
    return text == text.strip() and not any(unicodedata.category(letter) in _NOT_IN_A_LINE for letter in text)
