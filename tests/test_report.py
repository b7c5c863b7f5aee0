"""The report stays so small that a browser can open it."""

from __future__ import annotations

import base64
import io

import numpy as np
from mrisr.artifact import scaling
from PIL import Image


def picture(width: int, seed: int) -> str:
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (width // 4, width, 4), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def page(*pictures: str) -> str:
    uris = (f'{{"data_uri": "data:image/png;charset=utf8;filename=a.png;base64,{content}"}}' for content in pictures)
    return f'<p>é</p>{", ".join(uris)}, "data:text/csv;base64,{"A" * 100}"'


def test_a_small_report_stays_as_it_is(tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page(picture(400, 0)), encoding="utf-8")
    before = path.read_bytes()
    assert scaling.scale_pictures(path) is None
    assert path.read_bytes() == before


def test_the_pictures_of_a_large_report_get_one_width_and_nothing_else_changes(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    wide, narrow = picture(480, 1), picture(150, 2)
    path.write_text(page(wide, narrow), encoding="utf-8")
    monkeypatch.setattr(scaling, "MOST", 80_000)
    monkeypatch.setattr(scaling, "WIDTHS", (400, 200, 100))
    width = scaling.scale_pictures(path)
    assert path.stat().st_size <= scaling.MOST
    text = path.read_text(encoding="utf-8")
    (_, reduced), (_, kept) = scaling.PICTURE.findall(text)
    assert Image.open(io.BytesIO(base64.b64decode(reduced))).size == (width, width // 4)
    assert kept == narrow
    assert text == page(reduced, narrow)
    assert width == 200  # at 400 pixels it would still be too large
