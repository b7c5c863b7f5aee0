"""Ranges of slices as users write them, and evenly spaced choices of slices."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mrisr.errors import InputError

_PART = re.compile(r"\d+|\d+\.\d*|\.\d+|")


@dataclass(frozen=True)
class SliceRange:
    """``first:last[:step]``, both ends included.

    Whole numbers are indices along the stored axis. Numbers with a dot are fractions of the axis from 0.0 to 1.0. Along
    a named axis, fractions always run from inferior to superior, posterior to anterior, or left to right.
    """

    first: int | float | None
    last: int | float | None
    step: int

    def indices(self, length: int, *, reverse: bool = False) -> list[int]:
        """Ascending indices on an axis of ``length`` slices. With ``reverse``, fractions run against the stored axis.

        Raises
        ------
        InputError
            The range lies outside the axis or holds nothing.
        """
        first = 0 if self.first is None else self.first
        last = length - 1 if self.last is None else self.last
        if isinstance(self.first, float) or isinstance(self.last, float):
            low, high = self.first or 0.0, 1.0 if self.last is None else self.last
            low, high = (1 - high, 1 - low) if reverse else (low, high)
            first, last = round(low * (length - 1)), round(high * (length - 1))
        if last >= length or first > last:
            raise InputError(f"slices {first} to {last} are asked for, but the axis has slices 0 to {length - 1}")
        return list(range(first, last + 1, self.step))


def parse_range(text: str | None) -> SliceRange:
    """Read ``first:last[:step]``. An empty part means the end of the axis; `None` means the whole axis.

    Raises
    ------
    InputError
        The text is not a range.
    """
    parts = (text or ":").replace(" ", "").split(":")
    if len(parts) not in (2, 3) or not all(_PART.fullmatch(part) for part in parts):
        raise InputError(_wrong(text))
    first, last, step = (_number(part) for part in [*parts, ""][:3])
    mixed = first is not None and last is not None and type(first) is not type(last)
    backwards = first is not None and last is not None and first > last
    outside = any(isinstance(value, float) and value > 1 for value in (first, last))
    if mixed or backwards or outside or step == 0 or isinstance(step, float):
        raise InputError(_wrong(text))
    return SliceRange(first, last, step or 1)


def evenly(available: int, count: int) -> list[int]:
    """Positions of ``count`` of ``available`` things: the middles of ``count`` equal parts.

    Raises
    ------
    InputError
        ``count`` is larger than ``available``.
    """
    if count > available:
        raise InputError(f"{count} slices are asked for, but only {available} of the range are not empty")
    return [(2 * position + 1) * available // (2 * count) for position in range(count)]


def _number(part: str) -> int | float | None:
    if part == "":
        return None
    return float(part) if "." in part else int(part)


def _wrong(text: str | None) -> str:
    return (
        f"'{text}' is not a range of slices; write first:last or first:last:step, both ends included, "
        "as indices (40:120:2) or as fractions of the axis (0.3:0.7)"
    )
