"""Figures of the report, each as PNG and SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write ``<stem>.png`` (300 dpi) and ``<stem>.svg`` and return both paths. Equal figures give equal bytes."""
    # Importing the package does not import matplotlib.
    from . import _style

    return _style.save(figure, stem)
