"""What a job's code is: the modules that it needs, and the numerical libraries that these import.

Modules are read as source text; they are not imported. To parse all of them takes a second, and every job would do it.
So what a source says is remembered beside Python's own compiled files.
"""

from __future__ import annotations

import ast
import atexit
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .. import files
from ..files import recorded

PACKAGE = Path(__file__).parents[1]
NUMERICAL = {"torch": "torch", "numpy": "numpy", "scipy": "scipy", "skimage": "scikit-image", "sklearn": "scikit-learn"}
"""Import name and distribution of the libraries whose versions may change numbers."""
CONDA = {"python-gdcm": "gdcm"}
"""Conda's packages that hold a Python library without the metadata of its distribution, by distribution."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Source(BaseModel):
    """What a module's source says.

    Attributes
    ----------
    stamp : list of int
        Size, inode, mtime and ctime of the file.
    digest : str
        SHA-256 of the source without comments, layout and docstrings.
    own : list of str
        Names that it imports from this library.
    foreign : list of str
        Numerical libraries that it imports.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stamp: Annotated[list[int], Field(min_length=4, max_length=4)]
    digest: Sha256
    own: list[str]
    foreign: list[str]


def closure(modules: Iterable[str], package: Path | None = None) -> set[str]:
    """The modules and all modules of the library that they import, directly or not, packages included.

    ``package`` is the folder of the library if it is not this one, but a copy that is read and not imported.
    """
    needed: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in needed or _path(module, package) is None:
            continue
        needed.add(module)
        waiting.extend(source(module, package).own)
        if "." in module:
            waiting.append(module.rpartition(".")[0])
    return needed


def libraries(modules: Iterable[str], package: Path | None = None) -> list[str]:
    """The numerical libraries that modules import, directly or not."""
    return sorted({name for module in closure(modules, package) for name in source(module, package).foreign})


@functools.cache
def version(distribution: str) -> str:
    """Public version of a library. The local part (+cpu, +cu130) is left out, because it only names a build."""
    try:
        return importlib.metadata.version(distribution).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return _conda_version(CONDA.get(distribution, distribution)) or "not installed"


def _conda_version(package: str) -> str | None:
    """Version of a conda package in this environment, by conda's own records."""
    for path in sorted(Path(sys.prefix, "conda-meta").glob(f"{package}-*.json")):
        record = recorded.read(path, dict[str, Any]) or {}
        if record.get("name") == package:
            return str(record.get("version"))
    return None


@functools.cache
def source(module: str, package: Path | None = None) -> Source:
    """What the source of a module says, remembered until the file changes."""
    path = _path(module, package)
    status = path.stat()
    stamp = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
    known = _remembered().get(str(path))
    if known is not None and known.stamp == stamp:
        return known
    read = _parsed(module, path, stamp)
    # A file that has just been written may change again within the same tick of the clock.
    if time.time_ns() - max(stamp[2:]) > _SETTLED:
        _fresh[str(path)] = read
    return read


_SETTLED = 2 * 10**9
"""Nanoseconds after which the time stamp of a file tells that it has not changed again."""
_fresh: dict[str, Source] = {}
"""What this process has parsed."""


def _parsed(module: str, path: Path, stamp: list[int]) -> Source:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    own, foreign = _imports(module, path, tree)
    return Source(stamp=stamp, digest=_digest(tree), own=sorted(own), foreign=sorted(foreign))


def _imports(module: str, path: Path, tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names imported from this library, and numerical libraries. `closure` picks the names that are modules."""
    own, foreign = set(), set()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, base] if base else parent)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            root = name.split(".")[0]
            if root == "mrisr":
                own.add(name)
            elif root in NUMERICAL:
                foreign.add(NUMERICAL[root])
    return own, foreign


def _digest(tree: ast.Module) -> str:
    """Digest of a source without comments, layout and docstrings. The tree loses its docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [n for n in node.body if not _is_text(n)] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@functools.cache
def _path(module: str, package: Path | None = None) -> Path | None:
    parts = module.split(".")[1:]
    base = (package or PACKAGE).joinpath(*parts)
    for candidate in (base / "__init__.py", base.with_suffix(".py") if parts else None):
        if candidate is not None and candidate.is_file():
            return candidate
    return None


class _Memory(BaseModel):
    """The remembered sources, and the digest of the program that read them (this file)."""

    model_config = ConfigDict(extra="forbid")

    reader: Sha256
    sources: dict[str, Source]


@functools.cache
def _remembered() -> dict[str, Source]:
    memory = recorded.read(_memory(), _Memory)
    atexit.register(_remember)
    return memory.sources if memory is not None and memory.reader == files.sha256(__file__) else {}


def _remember() -> None:
    """Write what this process has parsed. A folder that cannot be written is no error: sources are parsed again."""
    if not _fresh or sys.dont_write_bytecode:
        return
    sources = {path: known for path, known in (_remembered() | _fresh).items() if os.path.exists(path)}
    memory = _Memory(reader=files.sha256(__file__), sources=sources)
    try:
        files.write_json(_memory(), memory.model_dump())
    except OSError:
        return


def _memory() -> Path:
    """File of the memory. Each version of Python has its own, because versions write syntax trees differently."""
    return Path(importlib.util.cache_from_source(__file__)).with_suffix(".json")
