"""What the keys of a class mean, read from its source."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap


def descriptions(cls: type) -> dict[str, str]:
    """The docstring below each annotated attribute of a class, on one line, read from its source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body
    return {
        node.target.id: " ".join(inspect.cleandoc(text.value.value).split())
        for node, text in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }
