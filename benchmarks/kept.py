"""Measurements that are kept in a file, so that an interrupted run goes on, and tables of them in README.md."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
README = ROOT / "benchmarks/README.md"
LIBRARIES = ("torch", "numpy", "scipy", "snakemake")


class Kept:
    """Measurements of one benchmark by name. Those of another machine, or of another library, are forgotten."""

    def __init__(self, path: Path):
        self.path = path
        conditions = {"machine": machine(), "code": _code()}
        kept = json.loads(path.read_text()) if path.exists() else {}
        self.state = kept if {**kept, **conditions} == kept else {**conditions, "measured": {}}

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """What was measured under a name, or what ``measure`` gives now (numbers, text, lists and mappings)."""
        measured = self.state["measured"]
        if name not in measured:
            measured[name] = measure()
            print(f"{name}: {measured[name]}", flush=True)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self.path.with_suffix(".part")
            unfinished.write_text(json.dumps(self.state, indent=1))
            os.replace(unfinished, self.path)
        return measured[name]


def machine() -> str:
    """The processor, and the versions of what does the work."""
    described = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", described.read_text()) if described.exists() else None
    processor = found[1].strip() if found else platform.processor() or platform.machine()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{processor}, Python {platform.python_version()}, {libraries}"


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table. Numbers have three digits."""
    lines = [columns, ["---"] * len(columns), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(cell: Any) -> str:
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"


def write_into_readme(name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->`` in README.md."""
    whole = README.read_text(encoding="utf-8")
    marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    assert marked.search(whole), f"{README} has no place for {name}"
    README.write_text(marked.sub(lambda found: f"{found[1]}{text}\n{found[2]}", whole), encoding="utf-8")


def _code() -> str:
    """Digest of the library."""
    files = sorted((ROOT / "workflow").rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
