"""Cores are counted in one place, on every system."""

from __future__ import annotations

import os
from pathlib import Path

from mrisr.cores import cores

TESTS = Path(__file__).parent
LIBRARY = TESTS.parent / "workflow"


def test_where_a_process_cannot_be_bound_to_cores_all_count(monkeypatch):
    """As on macOS."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores() == 6


def test_a_process_bound_to_one_core_has_one(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3}, raising=False)
    assert cores() == 1


def test_nobody_else_asks_the_system():
    sources = {*LIBRARY.rglob("*.py"), *TESTS.glob("*.py")} - {Path(__file__)}
    asking = [path.name for path in sources if ".sched_getaffinity(" in path.read_text()]
    assert asking == ["cores.py"]
