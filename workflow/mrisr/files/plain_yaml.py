"""Reads YAML that a person or a stranger wrote: plain values only, each key once, and of a bounded size."""

from __future__ import annotations

from typing import Any

import yaml

MOST = 1_000_000
"""Greatest number of values, counted each time that an alias repeats them. The largest study here has about 300."""
_OF_PYTHON = "tag:yaml.org,2002:python/"
_MERGE = "tag:yaml.org,2002:merge"


class Unreadable(ValueError):
    """A text is not accepted. The message is one line, the end of a sentence."""


def parse(text: str) -> Any:
    """The value of a YAML text.

    Raises
    ------
    Unreadable
        The text is no YAML, has tags of Python, a key twice, an alias inside its own value, is nested too deeply or too
        large, or has a value that its type cannot take.
    """
    try:
        return _value(_Loader(text))
    except RecursionError as error:
        raise Unreadable("is nested too deeply") from error
    except Unreadable:
        raise
    except yaml.YAMLError as error:
        raise Unreadable(f"is not YAML ({_one_line(error)})") from error
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        # What PyYAML raises for `2024-13-45`, `!!bool x`, `!!timestamp x` or a number of 5,000 digits.
        raise Unreadable(
            f"has a value that its type cannot take ({type(error).__name__}: {_one_line(error)})"
        ) from error


def _value(loader: _Loader) -> Any:
    node = loader.get_single_node()
    if node is None:
        return None
    if _size(node, {}) > MOST:
        raise Unreadable(f"has more than {MOST} values once its aliases are written out; write fewer")
    return loader.construct_document(node)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader. It also refuses repeated keys, and it says of Python's tags what they do."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        """The keys and values of a mapping, each key once."""
        node = super().compose_mapping_node(anchor)
        seen: dict[tuple[str, str], yaml.Node] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                first = seen.setdefault((key.tag, key.value), key)
                if first is not key:
                    lines = f"{first.start_mark.line + 1} and {key.start_mark.line + 1}"
                    raise Unreadable(f"has the key {key.value[:80]!r} twice, in the lines {lines}; remove one")
        return node

    def refuse_python(self, suffix: str, node: yaml.Node) -> Any:
        """Tell what a tag ``!!python/...`` is."""
        line = node.start_mark.line + 1
        raise Unreadable(
            f"has the tag {'!!python/' + suffix!r} in line {line}, which can run code; write a plain value"
        )


_Loader.add_multi_constructor(_OF_PYTHON, _Loader.refuse_python)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, written out; ``known`` has the sizes of nodes, 0 while one is measured."""
    if id(node) in known:
        if not known[id(node)]:
            raise Unreadable(f"has an alias in line {node.start_mark.line + 1} inside the value that it repeats")
        return known[id(node)]
    known[id(node)] = 0
    children = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    parts = [] if isinstance(node, yaml.ScalarNode) else children
    known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
