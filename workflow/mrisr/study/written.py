"""Turns a method as a study writes it into the one form that the rest of the library knows.

A study writes a name, or ``{kind: name, option: value}``. The library has ``{"kind": name, "options": {option:
value}}``. The methods that a method is made of are turned too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr import plugins
from mrisr.errors import InputError


def read_method(written: Any) -> tuple[str, dict[str, Any]]:
    """Kind and options of a method as a study writes it: a name, or ``{kind: name, option: value}``.

    Raises
    ------
    InputError
        It is neither, or has no kind.
    """
    if isinstance(written, str):
        return written, {}
    if not isinstance(written, Mapping) or not isinstance(written.get("kind"), str):
        raise InputError(f"{written!r} is no method: write its name, or {{kind: name, option: value}}")
    return written["kind"], {key: value for key, value in written.items() if key != "kind"}


def all_options(shelf: str, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a method of a study with its defaults filled in, and its parts in the library's form.

    The options ``scale``, ``grid`` and ``channels`` are left out, because the pipeline gives them. A required option
    that is missing stays missing. An option that the whole shelf shares is left out if it has its default.
    """
    known, composed = plugins.describe(shelf, kind).options, plugins.constant(shelf, kind, "PARTS") or {}
    defaults = {option.name: option.default for option in known.values() if option.default is not plugins.REQUIRED}
    shared, found = plugins.shared_options(shelf), {}
    for name, value in {**defaults, **options}.items():
        if name in shared and name not in known:
            if value != shared[name].default:
                found[name] = plugins.as_annotated(shared[name], value)
        elif name in composed:
            found[name] = _parts(composed[name], value)
        elif name not in plugins.GIVEN_BY_THE_PIPELINE:
            found[name] = plugins.as_annotated(known[name], value) if name in known else value
    return found


def _parts(shelf: str, value: Any) -> Any:
    """A part of a method, or a list of parts, each with all its options."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return [_parts(shelf, part) for part in value]
    kind, options = read_method(value)
    return {"kind": kind, "options": all_options(shelf, kind, options)}
