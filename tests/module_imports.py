"""Which modules of the library a module imports, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import mrisr

LIBRARY = Path(mrisr.__file__).parent
MODULES = {
    ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in LIBRARY.rglob("*.py")
}
"""Every module of the library by its dotted name; a package is its ``__init__``."""


def imported(module: str) -> set[str]:
    """Dotted names of the library's modules that a module imports, at any place and also by relative imports.

    Imports for type checkers only are left out.
    """
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return {
        name for node in _imports(ast.parse(path.read_text(encoding="utf-8"))) for name in _names(node, package)
    } - {module}


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    parts = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        parts = iter(node.orelse)
    for part in parts:
        yield from _imports(part)


def _names(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in MODULES)
        return
    base = node.module
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, node.module] if node.module else above)
    for alias in node.names:
        # ``from . import name``: a module of that name, or else something that the package's __init__ defines.
        yield from [name for name in (f"{base}.{alias.name}", base) if name in MODULES][:1]
