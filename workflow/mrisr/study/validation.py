"""From what a person wrote to a valid study: every problem at once, one line each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from mrisr import plugins
from mrisr.errors import InputError, suggestion

from .config import Kernels, Method, StudyConfig, TrainingOptions
from .places import CHECKPOINTS

COLUMNS = {"scale", "architecture", "loss", "training_set", "std_over", "note"}
"""Columns of the wide tables beside those of the test sets."""


def load_study(path: str) -> StudyConfig:
    """Read and validate a study file."""
    try:
        with open(path, encoding="utf-8") as file:
            raw = yaml.safe_load(file)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a study file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not YAML ({' '.join(str(error).split())})") from error
    return validate(raw, source=path)


def validate(raw: Any, *, source: str) -> StudyConfig:
    """Validate a configuration as read from YAML.

    Raises
    ------
    InputError
        With one line a problem: source, key, value, and what is allowed.
    """
    if isinstance(raw, Mapping) and (odd := [key for key in raw if not isinstance(key, str)]):
        raise InputError(*(f"{source}: {key!r} is no key of a study: a key is text" for key in odd))
    if not isinstance(raw, Mapping):
        raise InputError(f"{source}: is not a study: it holds {type(raw).__name__}, not keys and values")
    try:
        study = StudyConfig(**raw).resolved()
    except ValidationError as error:
        raise InputError(*(f"{source}: {line}" for line in _schema_problems(error, StudyConfig))) from None
    problems = list(_study_problems(study))
    if problems:
        raise InputError(*(f"{source}: {problem}" for problem in problems))
    return study


def _schema_problems(error: ValidationError, model: type[BaseModel], prefix: str = "") -> Iterable[str]:
    located = [([p for p in item["loc"] if not _is_branch(p)], item) for item in error.errors(include_url=False)]
    seen = set()
    for location, item in located:
        key = prefix + ".".join(map(str, location))
        # A union fails in each of its branches: the deepest place is where the mistake is.
        if key in seen or any(len(o) > len(location) and o[: len(location)] == location for o, _ in located):
            continue
        seen.add(key)
        if item["type"] == "extra_forbidden":
            yield f"{key}: there is no such key ({suggestion(str(location[-1]), _keys(model, location[:-1]))})"
        elif item["type"] == "missing":
            yield f"{key}: is missing"
        elif item["type"] == "literal_error":
            choices = [choice.strip(" '") for choice in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
            yield f"{key}: {item['input']!r} is not allowed ({suggestion(str(item['input']), choices)})"
        else:
            yield f"{key}: {item['input']!r} is not allowed ({item['msg'][0].lower()}{item['msg'][1:]})"


def _is_branch(part: Any) -> bool:
    """Pydantic names the branch of a union in a location (``dict[...]``, ``constrained-int``): no key of a person's."""
    return isinstance(part, str) and any(mark in part for mark in ("[", "constrained", "literal", "function-"))


def _keys(model: type[BaseModel], location: Iterable[Any]) -> list[str]:
    """Names of the keys that are allowed at a place of the configuration."""
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        models = [t for t in _flatten(annotation) if isinstance(t, type) and issubclass(t, BaseModel)]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)


def _flatten(annotation: Any) -> Iterable[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _flatten(part)


def _study_problems(study: StudyConfig) -> Iterable[str]:
    """What the schema cannot say: names that must exist elsewhere, and combinations that are impossible."""
    if study.results == CHECKPOINTS:
        yield f"study: '{study.study}' is where the training states of all studies are kept; choose another name"
    yield from _method_problems(study)
    yield from _mixture_problems(study)
    yield from _kernel_problems(study)
    yield from _scan_problems(study)
    yield from _selection_problems(study)
    yield from _label_problems(study)
    yield from _override_problems(study)
    yield from _turn_problems(study)
    yield from _scale_problems(study)
    yield from _fold_problems(study)


def _method_problems(study: StudyConfig) -> Iterable[str]:
    shelves = {"degradations": study.degradations, "architectures": study.architectures, "losses": study.losses}
    for key, methods in shelves.items():
        yield from _shelf_problems(key, "models" if key == "architectures" else key, methods)
    yield from _shelf_problems("evaluation.metrics", "metrics", study.evaluation.metrics)
    yield from _unknown("evaluation.baselines", study.evaluation.baselines, plugins.available("baselines"))


def _shelf_problems(key: str, shelf: str, methods: Mapping[str, Method]) -> Iterable[str]:
    for name, method in methods.items():
        kind = method.kind or name
        where = f"{key}.{name}"
        if kind not in plugins.available(shelf):
            of_kind = f" kind '{kind}'" if method.kind else ""
            yield f"{where}:{of_kind} is not known ({suggestion(kind, plugins.available(shelf))})"
            continue
        yield from _option_problems(where, plugins.describe(shelf, kind), method.options)


def _option_problems(where: str, method: plugins.Description, options: Mapping[str, Any]) -> Iterable[str]:
    known = {name: option for name, option in method.options.items() if name not in plugins.GIVEN_BY_THE_PIPELINE}
    for name, value in options.items():
        if name not in known:
            yield f"{where}.{name}: '{method.name}' has no such option ({suggestion(name, known)})"
            continue
        try:
            # As JSON, a YAML list may stand for a tuple and everything else is strict.
            _adapter(known[name].annotation).validate_json(json.dumps(value), strict=True)
        except (TypeError, ValueError) as error:
            if not isinstance(error, ValidationError):
                yield f"{where}.{name}: {value!r} is not allowed ({known[name].annotation})"
                continue
            first = error.errors()[0]
            yield f"{where}.{name}: {value!r} is not allowed ({known[name].annotation}: {first['msg'].lower()})"
    for name, option in known.items():
        if option.default is plugins.REQUIRED and name not in options:
            yield f"{where}: the option '{name}' of '{method.name}' is missing"


def _adapter(annotation: str | None) -> TypeAdapter:
    """Type of an option from its annotation in the source, so that no method has to be imported."""
    names = {t.__name__: t for t in (int, float, bool, str, list, tuple, dict)} | {"Literal": Literal, "Any": Any}
    return TypeAdapter(eval(annotation or "Any", {"__builtins__": {}}, names))


def _mixture_problems(study: StudyConfig) -> Iterable[str]:
    for name in study.mixtures:
        members = study.degradations[name].options.get("members") or []
        plain = [other for other in study.degradations if other not in study.mixtures]
        if members == []:
            yield f"degradations.{name}.members: is empty; a mixture needs at least one member"
        seed = study.mixture_seed(name)
        if isinstance(seed, int) and seed < 0:
            yield f"degradations.{name}.seed: {seed} is not allowed (at least 0)"
        if not isinstance(members, list):
            continue  # told by its option's type
        yield from _repeated(f"degradations.{name}.members", [str(member) for member in members])
        for member in members:
            if member not in plain:
                yield (
                    f"degradations.{name}.members: {member!r} is not a degradation of this study "
                    f"that is no mixture itself ({suggestion(str(member), plain)})"
                )


def _kernel_problems(study: StudyConfig) -> Iterable[str]:
    """What is wrong with methods that learn from slices, and with the degradations that apply what they learn."""
    yield from _shelf_problems("kernels", "kernels", study.kernels)
    scanned = [name for name in study.degradations if name not in study.mixtures and name not in study.estimated]
    for name, method in study.kernels.items():
        yield from _unknown(f"kernels.{name}.source", [method.source], scanned)
        yield from _unknown(f"kernels.{name}.loss", [method.loss], plugins.available("losses"))
        scales = plugins.constant("kernels", method.kind or name, "SCALES") or study.protocol.scales
        for scale in sorted(set(study.protocol.scales) - set(scales)):
            yield f"protocol.scales: {scale}: the method '{name}' has no scale {scale} (allowed: {_listed(scales)})"
        yield from _network_problems(study, f"kernels.{name}.training", method)
    for name, method in study.estimated.items():
        if method not in study.kernels:
            nearest = suggestion(str(method), study.kernels)
            yield f"degradations.{name}.by: '{method}' is no method of the section kernels ({nearest})"
        if study.protocol.grid != "low":
            yield f"degradations.{name}: what is learned leads to the low grid; set protocol.grid to low"
        options = study.degradations[name].options
        if options.get("file") is not None:
            yield f"degradations.{name}.file: is given by the workflow; leave it out"
        if options.get("shared") and "kernels" not in _given(study, [method]):
            yield f"degradations.{name}.shared: '{method}' gives no kernels but one network for all; leave it out"
    applied = study.estimated.values()
    if "kernels" in study.figures.further and _given(study, applied) <= {"network"} and {*applied} <= {*study.kernels}:
        yield "figures.further: 'kernels' has nothing to show: no degradation of the study applies estimated kernels"


def _scan_problems(study: StudyConfig) -> Iterable[str]:
    for name in study.scanned:
        if study.protocol.grid != "low":
            yield f"degradations.{name}: a scan lives on the low grid; set protocol.grid to low"
        if study.degradations[name].options.get("file") is not None:
            yield f"degradations.{name}.file: is given by the workflow; leave it out"


def _given(study: StudyConfig, methods: Iterable[str]) -> set[str]:
    """What methods of the section kernels learn: kernels, or a network."""
    kinds = [study.kernels[name].kind or name for name in methods if name in study.kernels]
    return {plugins.constant("kernels", kind, "GIVES") for kind in kinds}


def _network_problems(study: StudyConfig, key: str, method: Kernels) -> Iterable[str]:
    try:
        options = study.training_of(method)
    except ValidationError as error:
        yield from _schema_problems(error, TrainingOptions, prefix=f"{key}.")
        return
    if not {"patch", "eighth_turns"} & method.training.keys():
        return  # what the section training says is told there
    if options.eighth_turns and options.patch is None:
        yield f"{key}.eighth_turns: a whole slice cannot be turned by 45 degrees; give {key}.patch"
    for scale in study.protocol.scales:
        yield from _patch_problems(f"{key}.patch", options.patch, scale)


def _selection_problems(study: StudyConfig) -> Iterable[str]:
    yield from _unknown("training_sets", study.training_sets, study.degradations)
    yield from _unknown("test_sets", study.test_sets, study.degradations)
    for number, block in enumerate(study.models or []):
        yield from _unknown(f"models.{number}.architectures", block.architectures, study.architectures)
        yield from _unknown(f"models.{number}.losses", block.losses, study.losses)
        if block.training_sets != study.training_sets:
            yield from _unknown(f"models.{number}.training_sets", block.training_sets, study.degradations)
    if study.evaluation.against is not None:
        yield from _unknown("evaluation.against", [study.evaluation.against], _compared(study))
    yield from _unknown("figures.metrics", study.figures.metrics, study.evaluation.metrics)
    yield from _unknown("figures.box_metric", [study.figures.box_metric], study.evaluation.metrics)
    yield from _repeated("figures.further", study.figures.further)
    yield from _unknown("figures.panel_test_sets", study.figures.panel_test_sets, study.test_sets)


def _compared(study: StudyConfig) -> list[str]:
    """Names of the models and baselines as paired tests know them."""
    models = [(a, b, c) for m in study.models for a in m.architectures for b in m.losses for c in m.training_sets]
    return [*study.evaluation.baselines, *("/".join(names) for names in models)]


def _label_problems(study: StudyConfig) -> Iterable[str]:
    """Names that would collide with columns and files of the tables and figures."""
    for name in study.degradations:
        if name in COLUMNS:
            yield f"degradations.{name}: is a column of the tables; choose another label (and name its kind)"
    for name in study.evaluation.metrics:
        if name in {"bias", "findings", "methods", "tests"} or name.endswith("_std"):
            yield f"evaluation.metrics.{name}: is the name of another table; choose another label (and name its kind)"
    pictures = [f"{name}_{loss}" for block in study.models for name in block.architectures for loss in block.losses]
    trained = {(name, loss) for block in study.models for name in block.architectures for loss in block.losses}
    if len(set(pictures)) < len(trained):
        yield "models: two pairs of architecture and loss give figures of one name; choose other labels"


def _unknown(key: str, names: Iterable[str] | None, allowed: Iterable[str]) -> Iterable[str]:
    names = list(names or [])
    for name in dict.fromkeys(names):
        if name not in allowed:
            yield f"{key}: '{name}' is not known ({suggestion(name, allowed)})"
    yield from _repeated(key, [name for name in names if name in allowed])


def _repeated(key: str, values: Collection[Any]) -> Iterable[str]:
    for value in dict.fromkeys(values):
        if list(values).count(value) > 1:
            # A name in quotes, a number without.
            yield f"{key}: {value!r} stands there twice"


def _override_problems(study: StudyConfig) -> Iterable[str]:
    yield from _unknown("training.overrides", study.training.overrides, study.architectures)
    for name, changes in study.training.overrides.items():
        try:
            TrainingOptions(**changes)
        except ValidationError as error:
            yield from _schema_problems(error, TrainingOptions, prefix=f"training.overrides.{name}.")


def _turn_problems(study: StudyConfig) -> Iterable[str]:
    base, wrong = study.training.model_dump(include={"eighth_turns", "patch"}), {}
    for name in study.architectures:
        changes = study.training.overrides.get(name, {})
        options = base | changes
        if options["eighth_turns"] and options["patch"] is None:
            key = f"training.overrides.{name}" if changes.keys() & base.keys() else "training"
            wrong[key] = f"{key}.eighth_turns: a whole slice cannot be turned by 45 degrees; give {key}.patch"
    yield from wrong.values()


def _scale_problems(study: StudyConfig) -> Iterable[str]:
    grid = study.protocol.grid
    yield from _repeated("protocol.scales", study.protocol.scales)
    for name in study.evaluation.baselines:
        grids = plugins.constant("baselines", name, "GRIDS")
        if grids and grid not in grids:
            yield f"evaluation.baselines: '{name}' belongs to protocol.grid {' or '.join(grids)}, not '{grid}'"
    for scale in study.protocol.scales:
        model_scale = 1 if grid == "same" else scale
        for name, method in study.architectures.items():
            scales = plugins.constant("models", method.kind or name, "SCALES")
            if scales and model_scale not in scales:
                problem = f"the architecture '{name}' has no scale {model_scale}"
                yield f"protocol.scales: {scale}: {problem} (allowed: {_listed(scales)})"
        patches = {"training.patch": study.training.patch}
        for name, changes in study.training.overrides.items():
            patches[f"training.overrides.{name}.patch"] = changes.get("patch")
        for key, patch in patches.items():
            if grid == "low":
                yield from _patch_problems(key, patch, scale)


def _fold_problems(study: StudyConfig) -> Iterable[str]:
    if study.folds is None:
        return
    if isinstance(study.slices.count, dict):
        yield "slices.count: with folds a subject's slices serve every split; give one number for all, or null"
    if study.allow_leakage:
        yield "folds: cross-validation keeps each subject in one split of a fold; set allow_leakage to false"


def _patch_problems(key: str, patch: int | None, scale: int) -> Iterable[str]:
    if isinstance(patch, int) and patch % scale:
        above = patch + scale - patch % scale
        yield f"{key}: {patch} is not a multiple of the scale {scale} (next: {above})"


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values))
