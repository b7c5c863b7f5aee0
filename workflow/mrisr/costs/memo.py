"""Keeps measurements between runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mrisr.files import recorded, write_json


class Memo:
    """Values by key in a JSON file. If it is lost, or two processes write it at once, values are measured again."""

    def __init__(self, path: Path):
        self.path = path
        self.values = recorded.read(path, dict[str, Any]) or {}
        self.fresh = False

    def known(self, key: str, schema: Any) -> Any | None:
        """The value of a key; None if it is not known or does not fit its schema (`mrisr.files.recorded.parse`)."""
        try:
            return recorded.fitting(self.values.get(key), schema)
        except recorded.Unfit:
            return None

    def get(self, key: str, measure: Callable[[], Any], schema: Any) -> Any:
        """The value of a key, measured if it is not known yet."""
        value = self.known(key, schema)
        if value is None:
            self.put(key, measure())
            value = recorded.fitting(self.values[key], schema)
        return value

    def put(self, key: str, value: Any) -> None:
        """Remember a value."""
        self.values[key] = value
        self.fresh = True

    def save(self) -> None:
        """Write the file if there are new values. A folder that cannot be written is no error."""
        if self.fresh:
            try:
                write_json(self.path, self.values)
            except OSError:
                return
            self.fresh = False
