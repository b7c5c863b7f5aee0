"""Reads JSON files of earlier runs. A file that does not fit its schema completely counts as missing.

Between two runs a file may be truncated, edited, merged by hand or written by another version of this program. So the
whole value is checked before any part of it is used.
"""

from __future__ import annotations

import functools
import json
import os
import stat
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

LARGEST = 2**25
"""Longest text that is read, in characters. The remembered digests of 100,000 files have half of them."""
DEEPEST = 32
"""Deepest nesting of lists and mappings that is accepted. This program writes at most six levels."""


class Unfit(ValueError):
    """A value does not fit its schema. The message is one line, the end of a sentence."""


def parse(text: str, schema: Any) -> Any:
    """The value of a JSON text.

    Parameters
    ----------
    text : str
    schema : type
        A pydantic model, or a type of plain values such as ``dict[str, int]``. Values are not converted to fit.

    Raises
    ------
    Unfit
        The text is too long, no JSON, nested too deeply, or does not fit.
    """
    if len(text) > LARGEST:
        raise Unfit(f"has {len(text)} characters, more than the {LARGEST} that are read")
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise Unfit("is nested too deeply") from error
    except ValueError as error:
        raise Unfit(f"is no JSON ({error})") from error
    _require_shallow(value)
    return fitting(value, schema)


def fitting(value: Any, schema: Any) -> Any:
    """Check a value against a schema and return it. `Unfit` names the first place that is wrong."""
    try:
        return _adapter(schema).validate_python(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(_one_line(part) for part in first["loc"])
        raise Unfit(f"is not as expected ({place + ': ' if place else ''}{_one_line(first['msg'])})") from error


def read(path: str | os.PathLike, schema: Any) -> Any | None:
    """The value of a JSON file; None if the file is missing, cannot be read, or does not fit the schema."""
    try:
        status = os.stat(path)
        # Reading a FIFO or a device might never end.
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return None
        return parse(Path(path).read_text(encoding="utf-8"), schema)
    except (OSError, ValueError):
        return None


def _require_shallow(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [part for whole in level for part in _parts(whole) if isinstance(part, dict | list)]
        if not level:
            return
    raise Unfit("is nested too deeply")


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _one_line(part: object) -> str:
    return ascii(str(part))[1:-1][:80]


@functools.cache
def _adapter(schema: Any) -> TypeAdapter:
    return TypeAdapter(schema)
