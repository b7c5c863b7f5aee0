"""Makes the pictures of a large report smaller. Browsers cannot open a page of many figures at 300 dpi."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from PIL import Image

from mrisr.files import write_text

MOST = 25_000_000
"""The most bytes of a report whose pictures stay as they are."""
WIDTHS = (1600, 1200, 800, 500, 300)
"""Widths in pixels, tried in this order until the report is small enough. A figure as wide as a page has 2148."""
PICTURE = re.compile(r'(data:image/png;[^",]*base64,)([A-Za-z0-9+/=]+)')


def scale_pictures(path: Path) -> int | None:
    """Reduce the PNG pictures inside a report of more than `MOST` bytes, all to the same width.

    Returns
    -------
    int or None
        The largest width of a picture in pixels; None if the report is small enough as it is. After the last width the
        report may still be larger than `MOST`.
    """
    whole = path.read_text(encoding="utf-8")
    if len(whole.encode()) <= MOST:
        return None
    for width in WIDTHS:
        text = PICTURE.sub(lambda found, width=width: found[1] + reduced(found[2], width), whole)
        if len(text.encode()) <= MOST:
            break
    write_text(path, text)
    return width


def reduced(content: str, width: int) -> str:
    """A PNG picture in base64, no wider than ``width`` pixels."""
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    if picture.width <= width:
        return content
    file = io.BytesIO()
    size = (width, max(1, round(picture.height * width / picture.width)))
    picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
