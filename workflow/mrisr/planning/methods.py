"""Descriptions of a study's methods for the actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr import plugins
from mrisr.study.methods import Method, described


def constant(shelf: str, name: str, method: Method, constant: str) -> Any:
    """The value of a constant that a method's class declares; None if it has none, or there is no such method."""
    return plugins.constant(shelf, method.kind or name, constant)


def labels(shelf: str, methods: Mapping[str, Method]) -> dict[str, dict[str, Any]]:
    """All methods of a section by their names in the study."""
    return {name: described(shelf, name, method) for name, method in methods.items()}
