"""Writes the explorer of a study: one page that works offline and asks for nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import colormaps
from matplotlib.colors import to_hex

from mrisr.errors import InputError
from mrisr.files import recorded, write_text
from mrisr.files.shortening import shortened
from mrisr.statistics.order import Order

from .bundles import PAGE, bundles
from .charts import charts
from .matrix import curves, findings, matrix
from .pictures import pictures

MATRIX_COLOURS, ERROR_COLOURS, SHADES = "cividis", "magma", 9
"""Colour maps that colour-blind readers can read, and the number of their colours that the page is given."""
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
RECORDED = ("identity", "device", "gpu", "threads", "seconds", "machine", "versions")
"""What the page shows of a run.json beside the command. The name of the host is left out."""


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
) -> None:
    """Write the page, the action of the stage `explorer`.

    Parameters
    ----------
    reads : mapping
        ``scores``, ``findings``; ``histories`` and ``weights``, by model; ``pairs``, see `pictures.pictures`.
    writes : {"explorer"}
    settings : mapping
        ``study``, ``order`` (the fields of `Order`), ``models``: ``names`` and ``parameters`` of each, ``baselines``:
        ``names`` and ``method`` of each; ``records``: the records of each model's jobs, then of each baseline's, which
        has no training, as ``{"train": path, "evaluate": path}``; and those of `pictures.pictures`.
    """
    data = told(reads, settings, identity=identity)
    write_text(writes["explorer"], page({**data, "pictures": pictures(reads, settings)}))


def told(reads: Mapping[str, Any], settings: Mapping[str, Any], *, identity: str) -> dict[str, Any]:
    """All that the page shows but its pictures; arguments as of `run`."""
    order = Order.of(settings["order"])
    return {
        "study": settings["study"],
        "identity": identity,
        "subject": settings["subject"],
        "grid": order.grid,
        "mixtures": list(order.mixtures),
        "test_sets": list(order.test_sets),
        "groups": list(order.groups),
        "metrics": {
            name: {"label": metric.label, "higher": metric.higher_is_better, "note": order.note(metric)}
            for name, metric in order.metrics.items()
        },
        **matrix(Path(reads["scores"]), order),
        "findings": findings(Path(reads["findings"])),
        "runs": runs(reads, settings),
        "charts": charts(),
        "colours": shades(MATRIX_COLOURS),
    }


def runs(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Names, parameters, curves and records of each model, then of each baseline; arguments as of `run`."""
    models = zip(settings["models"], reads["histories"], strict=True)
    baselines = ({"names": one["names"], "parameters": one["method"], "curves": []} for one in settings["baselines"])
    found = [*({**model, "curves": curves(Path(history))} for model, history in models), *baselines]
    return [
        {**run, "records": {job: record(path) for job, path in made.items()}}
        for run, made in zip(found, settings["records"], strict=True)
    ]


def page(data: Mapping[str, Any]) -> str:
    """The page that shows ``data``, with its style, its scripts, and the policy that allows these scripts only."""
    libraries = bundles()
    # The page's own script is a module, because Vega's bundle declares short global names.
    scripts = {**{bundle.script: "text/javascript" for bundle in libraries}, _text("explorer.js"): "module"}
    for script in scripts:
        if "</script" in script.lower():
            raise InputError("explorer: a script holds '</script', so it cannot stand in a page")
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        f"script-src {' '.join(_digest(script) for script in scripts)}"
    )
    parts = {
        "policy": policy,
        "title": html.escape(f"{data['study']}: explorer"),
        "style": _text("explorer.css"),
        "error_filter": _filter(ERROR_COLOURS),
        "error_gradient": f"linear-gradient(to right, {', '.join(shades(ERROR_COLOURS))})",
        "data": embedded(data),
        "scripts": "\n".join(f'<script type="{kind}">{script}</script>' for script, kind in scripts.items()),
        "licences": "\n".join(
            f"<details><summary>{html.escape(b.name)}: {b.licence}</summary><p>{html.escape(b.source)}, SHA-256 "
            f"<code>{b.sha256}</code></p><pre>{html.escape(b.notice)}</pre></details>"
            for b in libraries
        ),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _text("explorer.html"))


def embedded(data: Any) -> str:
    """JSON that can stand in a script element: no character of it begins a tag or a comment."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def data_of(text: str) -> dict[str, Any]:
    """The data of a page. `mrisr.files.recorded.Unfit` if it has none."""
    found = DATA.search(text)
    return recorded.parse(found[1] if found else "", dict[str, Any])


def record(path: str) -> dict[str, Any]:
    """What the page shows of a run.json; ``command`` as one line of a shell."""
    found = recorded.read(path, dict[str, Any])
    if found is None:
        raise InputError(f"explorer: {path} cannot be read as a record; run snakemake again")
    return {
        "command": shlex.join(str(part) for part in shortened(found.get("command", []))),
        **{key: shortened(found[key]) for key in RECORDED if key in found},
    }


def shades(name: str) -> list[str]:
    """Evenly spaced colours of a colour map of matplotlib, as ``#rrggbb``."""
    return [to_hex(colormaps[name](place / (SHADES - 1))) for place in range(SHADES)]


def _filter(name: str) -> str:
    """A filter of SVG that gives grey pictures the colours of a colour map."""
    colours = [colormaps[name](place / (SHADES - 1)) for place in range(SHADES)]
    tables = [" ".join(f"{colour[channel]:.4f}" for colour in colours) for channel in range(3)]
    return "".join(
        f'<feFunc{channel} type="table" tableValues="{values}"/>' for channel, values in zip("RGB", tables, strict=True)
    )


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _text(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")
