"""Draws the pictures of a figure's job and writes them to disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr import plugins

from ._style import save


def run(reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str) -> None:
    """Draw all pictures of a figure, the action of the stage `figure`."""
    stems = {Path(path).stem: Path(path).with_suffix("") for path in writes.values()}
    for name, picture in plugins.load("figures", settings["figure"]).pictures(reads, settings):
        for path in save(picture, stems[name]):
            print(path)
