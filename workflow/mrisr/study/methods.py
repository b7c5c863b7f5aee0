"""Methods of a shelf under names of the study's own, and their options."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mrisr import plugins
from mrisr.errors import InputError, suggestion

from .checks import Study
from .section import Name
from .written import all_options, read_method


class Method(BaseModel):
    """A method of a shelf under a name of the study. ``kind`` is the plug-in, by default the one of that name. Every
    other key is one of its options."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: Name | None = Field(None, description="the plug-in; null: the plug-in of the method's name")

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_no_options(cls, value: Any) -> Any:
        return {} if value is None else value

    @property
    def options(self) -> dict[str, Any]:
        """The plug-in's options as given."""
        return dict(self.model_extra or {})


def _named(value: Any) -> Any:
    """A list of names is short for methods without options."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {name: {} for name in value}
    return value


def described(shelf: str, name: str, method: Method) -> dict[str, Any]:
    """``kind``, a method's plug-in, and its ``options`` with the defaults filled in: the library's form."""
    kind = method.kind or name
    return {"kind": kind, "options": all_options(shelf, kind, method.options)}


Methods = Annotated[dict[Name, Method], BeforeValidator(_named), Field(min_length=1)]


def problems(study: Study) -> Iterable[str]:
    """Methods that no shelf has, and options that a method does not take."""
    members = study.family_sets  # reported by the section families
    own = {name: method for name, method in study.degradations.items() if name not in members}
    yield from shelf_problems("degradations", "degradations", own)
    yield from shelf_problems("architectures", "models", study.architectures)
    yield from shelf_problems("losses", "losses", study.losses)
    yield from shelf_problems("evaluation.metrics", "metrics", study.evaluation.metrics)
    yield from shelf_problems("evaluation.baselines", "baselines", study.evaluation.baselines)
    yield from shelf_problems("kernels", "kernels", study.kernels)


def shelf_problems(key: str, shelf: str, methods: Mapping[str, Method]) -> Iterable[str]:
    """What is wrong with the methods under one key of a study."""
    for name, method in methods.items():
        kind = method.kind or name
        where = f"{key}.{name}"
        if kind not in plugins.available(shelf):
            of_kind = f" kind '{kind}'" if method.kind else ""
            yield f"{where}:{of_kind} is not known ({suggestion(kind, plugins.available(shelf))})"
            continue
        yield from (where + problem for problem in option_problems(shelf, kind, method.options))


def option_problems(shelf: str, kind: str, options: Mapping[str, Any]) -> Iterable[str]:
    """Options that do not fit the annotations of a method. Each line is to follow the method's key."""
    method = plugins.describe(shelf, kind)
    taken = plugins.shared_options(shelf) | method.options
    known = {name: option for name, option in taken.items() if name not in plugins.GIVEN_BY_THE_PIPELINE}
    for name, value in options.items():
        if name not in known:
            yield f".{name}: '{method.name}' has no such option ({suggestion(name, known)})"
            continue
        if odd := next(_odd_numbers(value), None):
            yield f".{name}: {odd!r} is not allowed (a finite number, and an integer below 2^63)"
            continue
        try:
            plugins.require_option(known[name], value)
        except (TypeError, ValueError) as error:
            if not isinstance(error, ValidationError):
                yield f".{name}: {value!r} is not allowed ({known[name].annotation})"
                continue
            first = error.errors()[0]
            yield f".{name}: {value!r} is not allowed ({known[name].annotation}: {first['msg'].lower()})"
    yield from _part_problems(shelf, kind, options)
    for name, option in known.items():
        if option.default is plugins.REQUIRED and name not in options:
            yield f": the option '{name}' of '{method.name}' is missing"


def _part_problems(shelf: str, kind: str, options: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with the methods that a method is made of."""
    for option, of, part in plugins.parts(shelf, kind, options):
        try:
            name, own = read_method(part)
            plugins.require(of, name)
        except InputError as error:
            yield f".{option}: {error.problems[0]}"
            continue
        yield from (f".{option}.{name}{problem}" for problem in option_problems(of, name, own))


def _odd_numbers(value: Any) -> Iterator[float]:
    """Numbers in an option that are not finite, and integers of 64 bits or more."""
    if isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _odd_numbers(part)
    elif (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) >= 2**63):
        yield value
