"""Turns the errors of a schema into lines that name the keys of a study."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mrisr.errors import suggestion

LONGEST_SHOWN = 200
"""Greatest length of a value in a message, in characters."""


def schema_problems(error: ValidationError, model: type[BaseModel], prefix: str = "") -> Iterable[str]:
    """One line for each key of a model that is missing, does not exist or has a value that is not allowed."""
    located = [([p for p in item["loc"] if not _is_branch(p)], item) for item in error.errors(include_url=False)]
    seen = set()
    for location, item in located:
        key = prefix + ".".join(map(str, location))
        # A union gives an error for each of its branches. The mistake is at the deepest place.
        if key in seen or any(len(o) > len(location) and o[: len(location)] == location for o, _ in located):
            continue
        seen.add(key)
        if item["type"] == "extra_forbidden":
            yield f"{key}: there is no such key ({suggestion(str(location[-1]), _keys(model, location[:-1]))})"
        elif item["type"] == "missing":
            yield f"{key}: is missing"
        elif item["type"] == "literal_error":
            choices = [choice.strip(" '") for choice in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
            yield f"{key}: {_shown(item['input'])} is not allowed ({suggestion(str(item['input']), choices)})"
        else:
            yield f"{key}: {_shown(item['input'])} is not allowed ({item['msg'][0].lower()}{item['msg'][1:]})"


def _is_branch(part: Any) -> bool:
    """Whether a part of a location is the branch of a union (``dict[...]``, ``constrained-int``), and not a key."""
    return isinstance(part, str) and any(mark in part for mark in ("[", "constrained", "literal", "function-"))


def _keys(model: type[BaseModel], location: Iterable[Any]) -> list[str]:
    """Names of the keys that are allowed at a place of the configuration."""
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        models = [t for t in _flatten(annotation) if isinstance(t, type) and issubclass(t, BaseModel)]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)


def _flatten(annotation: Any) -> Iterable[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _flatten(part)


def _shown(value: Any) -> str:
    """A value as a message shows it. A long value is shortened."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
