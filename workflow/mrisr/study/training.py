"""The section ``training``: how all models are trained, and what differs for one architecture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BeforeValidator, Field, ValidationError, create_model

from mrisr.errors import InputError
from mrisr.training.settings import Settings, dependent_problems, require_optimiser

from .checks import Study, unknown
from .descriptions import descriptions
from .initial import initial_problems
from .schema import schema_problems
from .section import Name, PathText, Positive, PositiveReal, Section
from .written import read_method


def _as_tuple(value: Any) -> Any:
    """Convert a list to a tuple, because YAML has only lists."""
    return tuple(value) if isinstance(value, list) else value


STRICTER = {
    int: Positive,
    int | None: Positive | None,
    float: PositiveReal,
    float | None: PositiveReal | None,
    tuple[int, ...]: Annotated[tuple[Positive, ...], BeforeValidator(_as_tuple)],
    str | Mapping[str, Any] | None: PathText | dict[Literal["architecture", "loss"], Name] | None,
}
"""Types of `Settings`, and the types of a study's keys for them. Every number is positive."""
OPTIMISER = Literal["adam", "sgd"] | dict[str, Any]
"""An optimiser of a study: its name, or ``{kind: name, option: value}``."""


def _keys() -> Iterable[tuple[str, Any]]:
    """Name and field of every key of `Settings`, which is the one place that knows its names, types and defaults."""
    types, described = get_type_hints(Settings) | {"optimiser": OPTIMISER}, descriptions(Settings)
    for key in fields(Settings):
        annotation = STRICTER.get(types[key.name], types[key.name])
        yield key.name, (annotation, Field(key.default, description=described[key.name]))


TrainingOptions: Any = create_model("TrainingOptions", __base__=Section, __module__=__name__, **dict(_keys()))
"""How one model is trained; also what may be changed for one architecture in ``training.overrides``."""


class Training(TrainingOptions):
    """Training of all models, with what differs for an architecture in ``overrides``."""

    overrides: dict[Name, dict[str, Any]] = Field({}, description="{architecture: {key: value}}")

    def for_architecture(self, architecture: str) -> TrainingOptions:
        """The options for one architecture, overrides applied."""
        base = self.model_dump(exclude={"overrides"})
        return TrainingOptions(**(base | self.overrides.get(architecture, {})))


def optimiser_of(options: TrainingOptions) -> str | dict[str, Any]:
    """The optimiser in the library's form: a name, or ``{"kind": name, "options": {option: value}}``.

    Raises
    ------
    InputError
        It has no kind.
    """
    if isinstance(options.optimiser, str):
        return options.optimiser
    kind, own = read_method(options.optimiser)
    return {"kind": kind, "options": own}


def problems(study: Study) -> Iterable[str]:
    """Overrides for unknown architectures, and patches that cannot be turned or do not fit the scales."""
    wrong = list(_override_problems(study))
    yield from wrong
    if not wrong:
        # What the section says holds for several architectures, and is told once.
        yield from dict.fromkeys(line for name in study.architectures for line in _problems_of(study, name))
        for name in study.architectures:
            yield from initial_problems(study, name)
    yield from _turn_problems(study)
    patches = {"training.patch": study.training.patch}
    for name, changes in study.training.overrides.items():
        patches[f"training.overrides.{name}.patch"] = changes.get("patch")
    if study.protocol.grid == "low":
        for scale in study.protocol.scales:
            for key, patch in patches.items():
                yield from patch_problems(key, patch, scale)


def _override_problems(study: Study) -> Iterable[str]:
    yield from unknown("training.overrides", study.training.overrides, study.architectures)
    for name, changes in study.training.overrides.items():
        try:
            TrainingOptions(**changes)
        except ValidationError as error:
            yield from schema_problems(error, TrainingOptions, prefix=f"training.overrides.{name}.")


def _problems_of(study: Study, architecture: str) -> Iterable[str]:
    """What is wrong with one network's training, under the key that says so."""
    changes = study.training.overrides.get(architecture, {})
    for keys, problem in option_problems(study.training.for_architecture(architecture)):
        section = f"training.overrides.{architecture}" if changes.keys() & set(keys) else "training"
        yield f"{section}.{problem}"


def option_problems(options: TrainingOptions) -> Iterable[tuple[tuple[str, ...], str]]:
    """What is wrong with the optimiser of one network's training, and with keys that depend on each other.

    The keys are given with the line, which goes on after the section's name.
    """
    yield from dependent_problems(options.model_dump())
    try:
        optimiser = optimiser_of(options)
    except InputError as error:
        yield ("optimiser",), f"optimiser: {error.problems[0]}"
        return
    try:
        require_optimiser(optimiser)
    except InputError as error:
        yield ("optimiser",), error.problems[0].removeprefix("training.")


def _turn_problems(study: Study) -> Iterable[str]:
    base, wrong = study.training.model_dump(include={"eighth_turns", "patch"}), {}
    for name in study.architectures:
        changes = study.training.overrides.get(name, {})
        options = base | changes
        if options["eighth_turns"] and options["patch"] is None:
            key = f"training.overrides.{name}" if changes.keys() & base.keys() else "training"
            wrong[key] = f"{key}.eighth_turns: a whole slice cannot be turned by 45 degrees; give {key}.patch"
    yield from wrong.values()


def patch_problems(key: str, patch: int | None, scale: int) -> Iterable[str]:
    """A patch whose side is not a multiple of the scale."""
    if isinstance(patch, int) and patch % scale:
        above = patch + scale - patch % scale
        yield f"{key}: {patch} is not a multiple of the scale {scale} (next: {above})"
