"""Measurements that are worth keeping between runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mrisr.files import write_json


class Memo:
    """Values by key in a JSON file; losing it, or a race between two writers of it, costs time and nothing else."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.values = json.loads(path.read_text())
        except (OSError, ValueError):
            self.values = {}
        self.fresh = False

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str, measure: Callable[[], Any]) -> Any:
        """The value of a key, measured if it is not known yet."""
        if key not in self.values:
            self.put(key, measure())
        return self.values[key]

    def put(self, key: str, value: Any) -> None:
        """Remember a value."""
        self.values[key] = value
        self.fresh = True

    def save(self) -> None:
        """Write what is new; a folder that cannot be written is no error."""
        if self.fresh:
            try:
                write_json(self.path, self.values)
            except OSError:
                return
            self.fresh = False
