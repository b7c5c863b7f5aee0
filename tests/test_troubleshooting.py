"""docs/troubleshooting.md quotes the messages of the code word for word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
MODULES = [*sorted((ROOT / "workflow/mrisr").rglob("*.py")), ROOT / "envs/venv.py"]
QUOTED = re.findall(r"^\| `([^`]+)`", PAGE, flags=re.M)


def shown(node: ast.expr) -> str:
    """A string of the code, `...` for each value that is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(shown(part) if isinstance(part, ast.Constant) else "..." for part in node.values)


def strings() -> Iterator[str]:
    """All strings of the library and of envs/venv.py but docstrings."""
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if (text or isinstance(node, ast.JoinedStr)) and id(node) not in alone:
                yield shown(node)


MESSAGES = "\n".join(strings())


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_stands_in_the_code(message):
    pattern = ".*".join(re.escape(part) for part in message.split("..."))
    found = re.search(pattern, MESSAGES) is not None
    assert found, "the code has no such message; mend docs/troubleshooting.md"


def test_the_page_quotes_messages_with_cause_and_remedy():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) == len(QUOTED) > 40
    assert all(len(re.sub(r"`[^`]*`", "", row).split("|")) == 5 for row in rows)
