"""Shelves of methods: one file is one method, found by its file name.

A shelf is a package of this library (``models``, ``degradations``, ...). Every module of it whose name does not begin
with an underscore is a method, and its single public class is the implementation. Discovery and description read the
source only, so the job graph is built without importing torch or any method.
"""

from __future__ import annotations

import ast
import functools
import importlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .errors import InputError, suggestion

if TYPE_CHECKING:
    from pydantic import TypeAdapter

ROOT = Path(__file__).parent
GIVEN_BY_THE_PIPELINE = {"scale", "grid", "channels"}
"""Options that the pipeline sets and a study does not."""
REQUIRED = object()
"""Marks an option without a default."""
WORDS = {"int": "an integer", "float": "a number", "bool": "true or false", "str": "text", "None": "nothing"}
"""What the types of options are called in a message."""


@dataclass(frozen=True)
class Option:
    """One keyword option of a method: its annotation as written, and its default (`REQUIRED` if none)."""

    name: str
    annotation: str | None
    default: Any


@dataclass(frozen=True)
class Description:
    """What the source of a method says about it, without importing it.

    ``options`` are the keyword-only parameters of ``__init__``; ``constants`` the upper-case class attributes that are
    literals (``SCALES``, ``HIGHER_IS_BETTER``, ...); ``summary`` the first line of the module's docstring.
    """

    name: str
    summary: str
    options: dict[str, Option] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)


def available(shelf: str) -> list[str]:
    """Names of the methods on a shelf, sorted."""
    return list(_listed(shelf, os.stat(f"{ROOT}/{shelf}").st_mtime_ns))


@functools.cache
def _listed(shelf: str, changed: int) -> tuple[str, ...]:
    """The names, until the folder changes: a plan asks for them tens of thousands of times."""
    return tuple(sorted(path.stem for path in (ROOT / shelf).glob("*.py") if not path.stem.startswith("_")))


def require(shelf: str, name: str) -> None:
    """Raise `InputError` naming the nearest method if ``name`` is not on the shelf."""
    if name not in available(shelf):
        raise InputError(f"{shelf}: there is no '{name}' ({suggestion(name, available(shelf))})")


def load(shelf: str, name: str) -> type:
    """Import a method and return its class."""
    require(shelf, name)
    module = importlib.import_module(f"mrisr.{shelf}.{name}")
    return getattr(module, _public_class(shelf, name).name)


def kind_and_options(method: Any) -> tuple[str, dict[str, Any]]:
    """Kind and options of a method: a name, or ``{"kind": name, "options": {option: value}}``.

    A study writes options in another form, which `mrisr.study.written` turns into this one.

    Raises
    ------
    InputError
        It is neither of both.
    """
    if isinstance(method, str):
        return method, {}
    if isinstance(method, Mapping) and {"kind"} <= set(method) <= {"kind", "options"}:
        kind, options = method["kind"], method.get("options", {})
        if isinstance(kind, str) and isinstance(options, Mapping):
            return kind, dict(options)
    raise InputError(f"{method!r} is neither a name nor a mapping of 'kind' and 'options'")


@functools.cache
def shared_options(shelf: str) -> dict[str, Option]:
    """Options that every method of a shelf takes: the keyword-only parameters of the shelf's own function ``build``.

    They are no part of a method's description if they have their default.
    """
    functions = [node for node in _parse(shelf, "__init__").body if isinstance(node, ast.FunctionDef)]
    found = [_keyword_options(node) for node in functions if node.name == "build"]
    return {name: option for each in found for name, option in each.items() if name not in GIVEN_BY_THE_PIPELINE}


def parts(shelf: str, name: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The methods that a method is made of: option, shelf and value of each, as ``PARTS`` of its class declares.

    ``PARTS`` maps an option to a shelf. The option's value is a method, a list of methods, or None.
    """
    for option, of in (constant(shelf, name, "PARTS") or {}).items():
        known = describe(shelf, name).options
        value = options.get(option, known[option].default if option in known else None)
        for part in value if isinstance(value, list | tuple) else [value]:
            if part is not None and part is not REQUIRED:
                yield option, of, part


def modules(shelf: str, method: Any) -> list[str]:
    """The modules of a method and of all its parts."""
    kind, options = kind_and_options(method)
    found = [f"mrisr.{shelf}.{kind}"]
    for _, of, part in parts(shelf, kind, options):
        found += modules(of, part)
    return found


def build_part(shelf: str, part: Any, **given: Any):
    """Build a method that is a part of another one. Of ``given`` it gets those options that it has."""
    kind, options = kind_and_options(part)
    require(shelf, kind)
    known = describe(shelf, kind).options
    return build(shelf, kind, **options, **{key: value for key, value in given.items() if key in known})


def build(shelf: str, name: str, **options: Any):
    """Import a method and make an instance of it.

    Raises `InputError` for an option that is unknown, missing, or of another type than its annotation. So a method
    checks only what its annotations cannot express. An option that the whole shelf shares is the shelf's to apply.
    """
    known, shared = describe(shelf, name).options, shared_options(shelf)
    if given := (shared.keys() - known.keys()) & options.keys():
        for key in given:
            _require_type(f"{name}: {key}", options[key], shared[key].annotation or "Any")
        return importlib.import_module(f"mrisr.{shelf}").build(name, **options)
    for option in options:
        if option not in known:
            raise InputError(f"{shelf}: '{name}' has no option '{option}' ({suggestion(option, known)})")
    for option in known.values():
        if option.default is REQUIRED and option.name not in options:
            raise InputError(f"{shelf}: the option '{option.name}' of '{name}' is missing")
    for key, value in options.items():
        _require_type(f"{name}: {key}", value, known[key].annotation or "Any")
    return load(shelf, name)(**options)


@functools.cache
def describe(shelf: str, name: str) -> Description:
    """Read a method's options, defaults and constants from its source."""
    require(shelf, name)
    tree, cls = _parse(shelf, name), _public_class(shelf, name)
    constants = {}
    for node in cls.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Name) and target.id.isupper():
                constants[target.id] = _literal(node.value)
    summary = (ast.get_docstring(tree) or "").split("\n")[0]
    return Description(name, summary, _options(cls), constants)


def _options(cls: ast.ClassDef) -> dict[str, Option]:
    options = {}
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            options |= _keyword_options(node)
    return options


def _keyword_options(function: ast.FunctionDef) -> dict[str, Option]:
    """The keyword-only parameters of a function."""
    options = {}
    for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        annotation = ast.unparse(argument.annotation) if argument.annotation else None
        value = REQUIRED if default is None else ast.literal_eval(default)
        options[argument.arg] = Option(argument.arg, annotation, value)
    return options


def as_annotated(option: Option, value: Any) -> Any:
    """A value in its option's type: 1 is 1.0 where a float is meant. A wrong value stays as it is."""
    if "float" not in (option.annotation or ""):
        return value
    try:
        return _type(option.annotation).validate_json(json.dumps(value), strict=True)
    except (TypeError, ValueError):
        return value


def require_option(option: Option, value: Any) -> None:
    """Raise a `TypeError` or `ValueError`, such as pydantic's, unless an option may have the value."""
    _validate(option.annotation or "Any", value)


def _require_type(what: str, value: Any, annotation: str) -> None:
    """Raise `InputError` unless a value has the annotated type. True is no number, and 2.0 is no integer.

    As in a study, a list may stand for a tuple, and 2 for a float.
    """
    try:
        _validate(annotation, value)
    except (TypeError, ValueError) as error:
        right = _in_words(ast.parse(annotation, mode="eval").body)
        raise InputError(f"{what} must be {right}, not {value!r}") from error


def _validate(annotation: str, value: Any) -> None:
    # Validation of JSON accepts a list for a tuple. Otherwise it is strict.
    _type(annotation).validate_json(json.dumps(value), strict=True)


@functools.cache
def _type(annotation: str) -> TypeAdapter:
    """Type of an option from its annotation in the source."""
    # Only building needs pydantic; describing the shelves does not.
    from pydantic import TypeAdapter

    names = {t.__name__: t for t in (int, float, bool, str, list, tuple, dict)} | {"Literal": Literal, "Any": Any}
    return TypeAdapter(eval(annotation, {"__builtins__": {}}, names))


def _in_words(annotation: ast.expr) -> str:
    """An annotation as people say it: ``float | None`` is "a number or nothing"."""
    if isinstance(annotation, ast.BinOp):
        return f"{_in_words(annotation.left)} or {_in_words(annotation.right)}"
    text = ast.unparse(annotation)
    if text.startswith("Literal["):
        choices = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        return "one of " + ", ".join(str(ast.literal_eval(choice)) for choice in choices)
    return WORDS.get(text, f"a list ({text})" if text.startswith(("list", "tuple")) else text)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


@functools.cache
def _parse(shelf: str, name: str) -> ast.Module:
    path = ROOT / shelf / f"{name}.py"
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _public_class(shelf: str, name: str) -> ast.ClassDef:
    classes = [n for n in _parse(shelf, name).body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]
    if len(classes) != 1:
        raise InputError(f"{shelf}/{name}.py: has {len(classes)} public classes; a method's file has exactly one")
    return classes[0]


def constant(shelf: str, name: str, wanted: str) -> Any:
    """A constant that a method declares; None if it declares none, or there is no such method."""
    return describe(shelf, name).constants.get(wanted) if name in available(shelf) else None
