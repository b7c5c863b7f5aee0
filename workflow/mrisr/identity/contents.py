"""Files that a method's options name. An identity names such a file by its content, not by its path.

The plan replaces such a path by ``sha256:<digest>`` and passes the paths separately. The action puts the paths back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .. import plugins

PREFIX = "sha256:"


def by_content(shelf: str, method: Any, digest: Callable[[Path], str]) -> tuple[dict[str, Any], dict[str, str]]:
    """A method, as ``kind`` and ``options``, with digests for paths, and the paths by digest.

    The constant ``FILES`` of a class lists the options that are paths. The methods that it is made of (``PARTS``) are
    searched too. ``digest`` gives the SHA-256 of a file.
    """
    kind, named = plugins.kind_and_options(method)
    paths: dict[str, str] = {}
    for option in plugins.constant(shelf, kind, "FILES") or ():
        if named.get(option) is not None:
            content = PREFIX + digest(Path(named[option]))
            paths[content] = str(named[option])
            named[option] = content
    for option, of in (plugins.constant(shelf, kind, "PARTS") or {}).items():
        value = named.get(option)
        found = [_part(of, part, digest, paths) for part in (value if isinstance(value, list) else [value])]
        named[option] = found if isinstance(value, list) else found[0]
    return {"kind": kind, "options": named}, paths


def _part(shelf: str, part: Any, digest: Callable[[Path], str], paths: dict[str, str]) -> Any:
    if part is None:
        return None
    named, own = by_content(shelf, part, digest)
    paths.update(own)
    return named


def with_paths(value: Any, paths: Mapping[str, str]) -> Any:
    """The same value with every digest replaced by its path."""
    if isinstance(value, Mapping):
        return {key: with_paths(part, paths) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [with_paths(part, paths) for part in value]
    return paths.get(value, value) if isinstance(value, str) else value
