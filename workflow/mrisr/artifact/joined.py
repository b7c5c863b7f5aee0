"""One page a study, and a first page that leads to them: the report of several studies."""

from __future__ import annotations

import base64
import csv
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mrisr import files

FIRST = ("findings", "verdict", "beside_the_paper", "claims")
"""Tables whose names begin so stand first, and open."""
WIDEST = 1400
"""Pixels of the widest picture in a page."""
MOST_ROWS = 60
"""Rows of a table in a page. The file has them all."""
PAGES = {"explorer.html": "explorer", "report.html": "full report with captions"}
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-size: .85rem; display: block; overflow-x: auto; }
td, th { border: 1px solid #8886; padding: .2rem .5rem; text-align: left; }
img { max-width: 100%; background: white; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
.failed { color: #d55e00; font-weight: 600; }
"""


@dataclass(frozen=True)
class Made:
    """A study that was run: its name, what its file says about it, its results, and whether it ended well."""

    name: str
    about: str
    results: Path
    finished: bool


def write(studies: Sequence[Made], folder: Path) -> Path:
    """Write the pages into a folder and return the first one."""
    for study in studies:
        files.write_text(folder / f"{study.name}.html", _page(study.name, _study(study, folder)))
    rows = "".join(
        f'<tr><td><a href="{_text(study.name)}.html">{_text(study.name)}</a></td><td>{_text(_first(study.about))}</td>'
        f"<td>{'complete' if study.finished else _failed()}</td></tr>"
        for study in studies
    )
    index = folder / "index.html"
    table = f"<table><tr><th>study</th><th>what it is</th><th>state</th></tr>{rows}</table>"
    files.write_text(index, _page("All studies", table))
    return index


def _study(study: Made, folder: Path) -> Iterable[str]:
    yield '<p><a href="index.html">all studies</a></p>'
    if not study.finished:
        yield f"<p>{_failed()}: what is shown is what was made before.</p>"
    yield f"<p>{_text(study.about)}</p><ul>"
    for page, called in PAGES.items():
        if (study.results / page).is_file():
            yield f'<li><a href="../{_text(study.results.name)}/{page}">{called}</a></li>'
    yield "</ul><h2>Tables</h2>"
    tables = sorted((study.results / "tables").rglob("*.csv"), key=lambda path: (not _is_first(path), str(path)))
    for path in tables:
        yield from _table(path, path.relative_to(study.results / "tables").as_posix())
    yield "<h2>Figures</h2>"
    for path in sorted((study.results / "figures").rglob("*.png")):
        name = path.relative_to(study.results / "figures").as_posix()
        yield f"<figure>{_picture(path, name)}<figcaption>{_text(name)}</figcaption></figure>"


def _table(path: Path, name: str) -> Iterable[str]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    yield f"<details{' open' if _is_first(path) else ''}><summary>{_text(name)}</summary><table>"
    for number, row in enumerate(rows[: MOST_ROWS + 1]):
        cell = "td" if number else "th"
        yield "<tr>" + "".join(f"<{cell}>{_text(value)}</{cell}>" for value in row) + "</tr>"
    more = f"<p>The file has {len(rows) - 1} rows; the first {MOST_ROWS} are shown.</p>"
    yield f"</table>{more if len(rows) > MOST_ROWS + 1 else ''}</details>"


def _is_first(path: Path) -> bool:
    return path.stem.startswith(FIRST)


def _picture(path: Path, name: str) -> str:
    """The picture, scaled, within the page."""
    from PIL import Image

    with Image.open(path) as image:
        if image.width > WIDEST:
            image = image.resize((WIDEST, round(image.height * WIDEST / image.width)))
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "WEBP", quality=85)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img loading="lazy" alt="{_text(name)}" src="data:image/webp;base64,{data}">'


def _page(title: str, body: str | Iterable[str]) -> str:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
    head += '<meta name="viewport" content="width=device-width, initial-scale=1">'
    content = body if isinstance(body, str) else "\n".join(body)
    title = _text(title)
    return (
        f"<!doctype html><html lang='en'><head>{head}<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><h1>{title}</h1>{content}</body></html>\n"
    )


def _failed() -> str:
    return '<span class="failed">not complete</span>'


def _first(about: str) -> str:
    """The first sentence."""
    return about.partition(". ")[0].rstrip(".") + "." if about else ""


def _text(value: str) -> str:
    return html.escape(value, quote=True)
