"""A study is read as plain values. Whatever else a file holds is refused in one line, by Snakemake too."""

from __future__ import annotations

import pytest
import yaml
from finished import SMALL
from mrisr.errors import InputError
from mrisr.files import plain_yaml
from mrisr.running import configfiles
from mrisr.study.validation import load_study
from project import ROOT

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "deep": ("x: " + "[" * 3000 + "]" * 3000, "is nested too deeply"),
    "long": ("x: " + "9" * 5000, "has a value that its type cannot take (ValueError: "),
    "date": ("x: 2024-13-45", "has a value that its type cannot take (ValueError: "),
    "bool": ("x: !!bool perhaps", "has a value that its type cannot take (KeyError: "),
    "int": ("x: !!int ''", "has a value that its type cannot take (IndexError: "),
    "time": ("x: !!timestamp soon", "has a value that its type cannot take (AttributeError: "),
    "twice": ("a: {b: 1,\n  c: 2,\n  'b': 1}", "has the key 'b' twice, in the lines 1 and 3; remove one"),
    "itself": ("a: &a [*a]", "has an alias in line 1 inside the value that it repeats"),
    "laughs": (LAUGHS, "has more than 1000000 values once its aliases are written out; write fewer"),
    "tag": ("a: !mine 1", "is not YAML (could not determine a constructor for the tag '!mine'"),
    "two": ("a: 1\n---\na: 1", "is not YAML (expected a single document"),
    "run": ("x: 1\na: !!python/object/apply:os.system [ls]", "has the tag '!!python/object/apply:os.system' in line 2"),
    "key": ("? !!python/name:os.system\n: 1", "has the tag '!!python/name:os.system' in line 1, which can run code"),
    "directive": ("%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!tuple [1]", "has the tag '!!python/tuple' in line 3"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_holds_more_than_plain_values_is_refused_in_one_line(tmp_path, text, said):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_study(str(path))
    (line,) = caught.value.problems
    assert line.startswith(f"{path}: {said}")
    assert "\n" not in line
    with pytest.raises(SystemExit) as ended:
        configfiles.require_readable_studies(["-n", "--configfile", str(path)])
    assert str(ended.value) == f"error: {line}"


@pytest.mark.parametrize("path", [ROOT / "config.yaml", *sorted((ROOT / "workflow/studies").glob("*.yaml"))])
def test_what_is_accepted_has_the_value_that_pyyaml_gives(path):
    assert plain_yaml.parse(path.read_text()) == yaml.safe_load(path.read_text())


def test_aliases_and_merged_keys_are_no_repetition():
    text = "a: &a {b: 1, c: 2}\nd: {<<: *a, b: 3}\ne: [*a, *a]\nf: {1: x, '1': y}\n"
    assert plain_yaml.parse(text) == yaml.safe_load(text)
    assert plain_yaml.parse("# nothing") is None


def test_a_study_in_json_is_read(tmp_path):
    path = tmp_path / "study.json"
    path.write_text('{\n\t"study": "x"\n}')
    assert configfiles.require_readable_studies(["-n", "--configfile", str(path)]) is None


def test_a_key_that_makes_a_study_a_program_is_named_as_such(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({"__use_yte__": True, **SMALL}))
    with pytest.raises(InputError, match=r"study\.yaml: __use_yte__: with this key Snakemake runs Python code of the"):
        load_study(str(path))
