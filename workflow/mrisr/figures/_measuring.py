"""Writes the tables of a figure that has some, and draws its pictures from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr import plugins
from mrisr.evaluation.scoring import write_scores

from . import _drawing


def run(reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str) -> None:
    """Write the tables and pictures of a figure that declares ``NUMBERS``, an action of the stage `figure`."""
    tables = plugins.load("figures", settings["figure"]).numbers(reads, settings)
    for name, table in tables.items():
        write_scores(Path(writes[name]), table)
    pictures = {role: path for role, path in writes.items() if role not in tables}
    _drawing.run({**reads, "numbers": tables}, pictures, settings=settings, identity=identity)
