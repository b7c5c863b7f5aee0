"""Write docs/configuration.md and docs/config.schema.json from the code: ``python docs/generate.py``."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mrisr import plugins
from mrisr.plugins import GIVEN_BY_THE_PIPELINE
from mrisr.study import StudyConfig
from pydantic.json_schema import GenerateJsonSchema

DOCS = Path(__file__).parent
SHELVES = {
    "degradations": "degradations",
    "kernels": "kernels",
    "architectures": "models",
    "losses": "losses",
    "evaluation.metrics": "metrics",
    "evaluation.baselines": "baselines",
}
"""Where a study names methods, and the shelf that they stand on."""
PARTS = {"discriminator": "discriminators"}
"""Options that name a method of a further shelf."""

METHOD = "#/$defs/Method"
INTRODUCTION = """\
# Configuration

A study is one YAML file: `config.yaml`, or the file given by `snakemake --configfile`. The file is complete: nothing is
merged with it. A key that is left out has the default given here. An unknown key, a wrong type or an unknown name is an
error before anything runs, with one line each. `--config key=value` on the command line changes a top-level key.

[Methods](methods.md) says why a default is what it is. [What runs again](staleness.md) says what a change affects.

**Help in an editor.** [config.schema.json](config.schema.json) holds this page as a JSON schema. An editor that
understands it completes keys and marks mistakes. For this, begin the study with the schema's path, relative to the
study:

    # yaml-language-server: $schema=docs/config.schema.json

The schema cannot check everything, for example whether a test set is a degradation of the study, or whether an
architecture has the scale. This is checked when the study is read.

**A study can contain code.** Snakemake reads a study through yte. If the study has the key `__use_yte__`, even
`snakemake -n` executes the Python expressions in it. Before you use a study from somebody else, run `mrisr check
--study FILE`. It reads plain YAML and executes nothing of the file. It warns of that key and of every `!!python` tag,
and stops. It also refuses a key that stands twice, of which YAML would take the last.

**Methods.** The keys `degradations`, `architectures`, `losses` and `evaluation.metrics` take methods: a mapping `{name:
options}`, or a list of names for methods without options. The name is the study's own. It becomes the name of a folder
or column. The option `kind` says which plug-in is used. By default it is the plug-in of that name. So one plug-in may
be used twice:

    degradations:
      mean: {size: 3}
      mean5: {kind: mean, size: 5}

[Plug-ins](#plug-ins) lists them with their options. Baselines are named without options.

`python docs/generate.py` writes this page from the code. Change the code, not the page.
"""


class _Untitled(GenerateJsonSchema):
    """Without titles, which would repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


# ---- the schema -----------------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """JSON schema of a study: pydantic's, with the short forms that the models accept besides."""
    generated = StudyConfig.model_json_schema(schema_generator=_Untitled)
    for key in SHELVES:
        node = _node(generated, key)
        for part in (node, *node.get("anyOf", ())):
            if {"$ref": METHOD} in part.get("patternProperties", {}).values():
                _accept_short_forms(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}


def _node(generated: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The part of the schema that describes a dotted key."""
    node = generated
    for name in key.split("."):
        node = _definition(generated, node)["properties"][name]
    return node


def _definition(generated: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The section that a part of the schema is. A section may also be left out, as null."""
    (node, *_) = [part for part in node.get("anyOf", ()) if "$ref" in part] or [node]
    return generated["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _accept_short_forms(node: dict[str, Any]) -> None:
    """Methods may also be a list of names, and a method without options nothing at all."""
    (pattern,) = node.pop("patternProperties")
    for key in ("type", "minLength"):
        node.pop(key, None)
    method = {"anyOf": [{"$ref": METHOD}, {"type": "null"}]}
    mapping = {"type": "object", "patternProperties": {pattern: method}, "additionalProperties": False}
    names = {"type": "array", "items": {"type": "string", "pattern": pattern}}
    node["anyOf"] = [{**mapping, "minProperties": 1}, {**names, "minItems": 1}]
    if "default" in node:
        node["default"] = list(node["default"])


# ---- the page -------------------------------------------------------------------------------------------------------


def configuration() -> str:
    """The page of all keys and of all plug-ins."""
    generated = schema()
    parts = [INTRODUCTION, "## Keys\n", _paragraph(generated["description"]), _keys(generated, generated, "")]
    for key, definition in _sections(generated, generated, ""):
        parts += [f"### `{key}`\n", _paragraph(definition.get("description", "")), _keys(generated, definition, key)]
    parts.append("## Plug-ins\n")
    for key, shelf in (SHELVES | PARTS).items():
        parts.append(f"### Plug-ins of `{key}`\n")
        parts += _shared(shelf)
        parts += [_plugin(shelf, name) for name in plugins.available(shelf)]
    return "\n".join(part for part in parts if part)


def _sections(
    generated: Mapping[str, Any], definition: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Dotted key and definition of every section below, in the order of the file."""
    for name, node in definition["properties"].items():
        for reference in _references(node):
            key = f"{prefix}{name}"
            section = _definition(generated, reference)
            yield key, section
            yield from _sections(generated, section, f"{key}.")


def _references(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        if "$ref" in node and node["$ref"] != METHOD:
            yield node
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def _keys(generated: Mapping[str, Any], definition: Mapping[str, Any], prefix: str) -> str:
    """Table of the keys of a section."""
    rows = []
    for name, node in definition["properties"].items():
        key = f"{prefix}.{name}" if prefix else name
        required = name in definition.get("required", [])
        section = "$ref" in node
        default = "required" if required else "" if section else _code(node["default"])
        meaning = node.get("description") or (_definition(generated, node)["description"] if section else "")
        rows.append((f"`{name}`", _type(node, key), default, _cell(meaning)))
    return _table(("key", "type", "default", "meaning"), rows)


def _type(node: Mapping[str, Any], key: str) -> str:
    """A type in words."""
    if "$ref" in node:
        return "null" if node["$ref"] == METHOD else f"[section](#{_anchor(key)})"
    if key in SHELVES and "anyOf" in node and {"type": "null"} not in node["anyOf"]:
        return f"[methods](#{_anchor(f'Plug-ins of {key}')})"
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_type(part, key) for part in node["anyOf"]))
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    kind = node["type"]
    if kind == "array":
        return f"list of {_type(node['items'], key)}"
    if kind == "object":
        names = node.get("propertyNames", {}).get("enum")
        value = node.get("additionalProperties", {})
        inner = _type(value, key) if isinstance(value, Mapping) and value.keys() & {"type", "$ref"} else "any"
        return f"{{{', '.join(names) if names else 'name'}: {inner}}}"
    words = {"integer": "integer", "number": "number", "boolean": "`true`, `false`", "null": "null"}
    text = words.get(kind) or ("name" if "pattern" in node else "text")
    return text + _limits(node)


def _limits(node: Mapping[str, Any]) -> str:
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}
    limits = ", ".join(f"{sign} {_limit(node[name])}" for name, sign in signs.items() if name in node)
    return f" ({limits})" if limits else ""


def _limit(number: float) -> str:
    return "2^63" if number == 2**63 else f"{number:g}"


def _shared(shelf: str) -> list[str]:
    """The options that every plug-in of a shelf takes."""
    options = plugins.shared_options(shelf).values()
    if not options:
        return []
    meanings = _meanings(inspect.getdoc(importlib.import_module(f"mrisr.{shelf}").build) or "")
    rows = [
        (f"`{option.name}`", f"`{_cell(option.annotation)}`", _code(option.default), _cell(meanings[option.name]))
        for option in options
    ]
    return ["Every plug-in of this section takes:\n", _table(("option", "type", "default", "meaning"), rows)]


def _plugin(shelf: str, name: str) -> str:
    """What a plug-in is, its facts and its options."""
    described = plugins.describe(shelf, name)
    lines = [f"#### `{name}`" + f" ({shelf})\n", _paragraph(described.summary)]
    if described.constants:
        facts = ", ".join(f"`{key} = {value!r}`" for key, value in described.constants.items())
        lines.append(f"{facts}\n")
    meanings, composed = _parameters(shelf, name), described.constants.get("PARTS") or {}
    rows = [
        (
            f"`{option.name}`",
            f"`{_cell(option.annotation or 'any')}`",
            "required" if option.default is plugins.REQUIRED else _code(option.default),
            _cell(" ".join((meanings.get(option.name, ""), *_form(composed.get(option.name))))),
        )
        for option in _options(shelf, name)
    ]
    lines.append(_table(("option", "type", "default", "meaning"), rows) if rows else "No options.\n")
    return "\n".join(lines)


def _form(shelf: str | None) -> list[str]:
    """How a study writes a part of a method; nothing for any other option."""
    return [] if shelf is None else [f"Written as a name of {shelf}, or as `{{kind: name, option: value}}`."]


def _options(shelf: str, name: str) -> list[plugins.Option]:
    """The options of a plug-in that a study sets."""
    options = plugins.describe(shelf, name).options.values()
    return [option for option in options if option.name not in GIVEN_BY_THE_PIPELINE]


def _parameters(shelf: str, name: str) -> dict[str, str]:
    """What the section Parameters of a plug-in's docstring says of each option."""
    return _meanings(inspect.getdoc(plugins.load(shelf, name)) or "")


def _meanings(text: str) -> dict[str, str]:
    """What the section Parameters of a docstring says of each parameter."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+$|\Z)", text, flags=re.S | re.M)
    meanings: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", section.group(1).strip("\n")) if section else []:
        head, _, meaning = entry.partition("\n")
        names = head.partition(" : ")[0]
        together = f"{names}: " if "," in names else ""
        meanings |= {name.strip(): together + " ".join(meaning.split()) for name in names.split(",")}
    return meanings


# ---- Markdown -------------------------------------------------------------------------------------------------------


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _paragraph(text: str) -> str:
    """A docstring's first paragraphs as Markdown; code in single backquotes."""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return "".join(f"{textwrap.fill(_plain(part), 120)}\n\n" for part in paragraphs if part).rstrip("\n") + "\n"


def _cell(text: str) -> str:
    return _plain(" ".join(text.split())).replace("|", "\\|")


def _plain(text: str) -> str:
    return text.replace("``", "`")


def _code(value: Any) -> str:
    """A value as YAML would have it."""
    return f"`{json.dumps(value, ensure_ascii=False).replace(chr(34), '') if value != '' else chr(34) * 2}`"


def _anchor(heading: str) -> str:
    """Anchor of a heading on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def main() -> None:
    """Write both files."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """What the files of this folder that are written from the code have to be."""
    return {
        "configuration.md": configuration(),
        "config.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    main()
