"""Identities: what changes them, and what must not."""

import importlib
import json
import os
from pathlib import Path

import pytest
from mrisr import identity
from mrisr.identity import ContentDigests, code, code_digest
from mrisr.identity.code import closure
from mrisr.planning.plan import Plan
from mrisr.study.validation import load_study

ROOT = Path(__file__).parents[1]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A made-up package in place of the library; returns a function that writes a module and forgets what was read."""

    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        for function in (code._path, code.source, code_digest):
            function.cache_clear()

    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    write("__init__.py", "")
    write("losses/__init__.py", "")
    write(
        "losses/mse.py", "import torch\nfrom mrisr.shared import square\n\ndef loss(a, b):\n    return square(a - b)\n"
    )
    write("shared.py", "def square(x):\n    return x * x\n")
    write("other.py", "VALUE = 1\n")
    yield write
    for function in (code._path, code.source, code_digest):
        function.cache_clear()


def digest() -> str:
    return code_digest(frozenset({"mrisr.losses.mse"}))


def test_a_module_needs_what_it_imports_and_its_packages(package):
    assert closure(["mrisr.losses.mse"]) == {"mrisr", "mrisr.losses", "mrisr.losses.mse", "mrisr.shared"}


@pytest.mark.parametrize(
    "line",
    ["from . import _stack", "from ._stack import x", "from .. import errors", "def f():\n    import mrisr.errors"],
)
def test_relative_and_late_imports_are_followed(package, line):
    package("losses/_stack.py", "x = 1\n")
    package("errors.py", "")
    package("losses/l1.py", line + "\n")
    assert closure(["mrisr.losses.l1"]) & {"mrisr.losses._stack", "mrisr.errors"}


def test_comments_layout_and_docstrings_change_nothing(package):
    before = digest()
    package(
        "shared.py", '"""Squares."""\n\n# why\ndef square(x):\n    """x times x."""\n    return (x\n            * x)\n'
    )
    assert digest() == before


def test_a_change_of_an_imported_module_changes_the_identity(package):
    before = digest()
    package("shared.py", "def square(x):\n    return x ** 2\n")
    assert digest() != before


def test_a_change_elsewhere_changes_nothing(package):
    before = digest()
    package("other.py", "VALUE = 2\n")
    assert digest() == before


def test_the_version_of_a_numerical_library_counts_but_not_its_build(package, monkeypatch):
    versions = {"torch": "2.13.0+cpu"}
    monkeypatch.setattr(code.importlib.metadata, "version", lambda name: versions[name])

    def fresh():
        code.version.cache_clear()
        code_digest.cache_clear()
        return digest()

    before = fresh()
    versions["torch"] = "2.13.0+cu130"
    assert fresh() == before
    versions["torch"] = "2.14.0"
    assert fresh() != before
    code.version.cache_clear()


def test_settings_and_upstream_count_and_their_order_does_not():
    one = identity.identity("train", {"a": 1, "b": 2}, [], {"x": "1"})
    assert one == identity.identity("train", {"b": 2, "a": 1}, [], {"x": "1"})
    assert one != identity.identity("train", {"a": 1, "b": 3}, [], {"x": "1"})
    assert one != identity.identity("train", {"a": 1, "b": 2}, [], {"x": "2"})
    assert one != identity.identity("evaluate", {"a": 1, "b": 2}, [], {"x": "1"})


def test_a_touched_file_keeps_its_digest_and_changed_content_does_not(tmp_path):
    volume = tmp_path / "v.nii"
    volume.write_bytes(b"one")
    digests = ContentDigests(tmp_path / "memory.json")
    before = digests(volume)
    os.utime(volume, (1, 1))
    assert digests(volume) == before
    volume.write_bytes(b"two")
    assert digests(volume) != before


def test_a_large_file_is_read_once(tmp_path, monkeypatch):
    volume = tmp_path / "v.nii"
    volume.write_bytes(b"one")
    digests = ContentDigests(tmp_path / "memory.json")
    before = digests(volume)
    digests.save()
    monkeypatch.setattr(identity.files, "sha256", lambda path: pytest.fail(f"{path} was read again"))
    assert ContentDigests(tmp_path / "memory.json")(volume) == before


def test_a_damaged_memory_costs_time_only(tmp_path):
    (tmp_path / "memory.json").write_text("{")
    volume = tmp_path / "v.nii"
    volume.write_bytes(b"one")
    assert len(ContentDigests(tmp_path / "memory.json")(volume)) == 64


def test_a_folder_has_a_digest_of_its_files(tmp_path):
    folder = tmp_path / "dicom"
    folder.mkdir()
    (folder / "1.dcm").write_bytes(b"one")
    digests = ContentDigests(tmp_path / "memory.json")
    before = digests(folder)
    (folder / "2.dcm").write_bytes(b"two")
    assert digests(folder) != before


def test_nothing_that_plans_or_asks_is_in_the_identity_of_a_job():
    outside = ("study", "planning", "stages", "costs", "running", "cluster", "cli")
    plan = Plan(load_study(str(ROOT / "config.yaml")))
    jobs = plan.jobs()
    assert {job.stage for job in jobs} > {"check", "slice", "degrade", "train", "evaluate", "tabulate", "figure"}
    for job in jobs:
        found = [
            module for module in closure(job.modules) if module.split(".")[1:2] and module.split(".")[1] in outside
        ]
        assert not found, (job.stage, found)


def test_what_a_job_runs_is_in_its_identity():
    plan = Plan(load_study(str(ROOT / "config.yaml")))
    for job in plan.jobs():
        assert job.stage == "fetch" or job.action in job.modules
        assert callable(importlib.import_module(job.action).run)


def test_equal_values_have_equal_digests_whatever_wrote_them():
    assert identity.digest({"a": (1, 2)}) == identity.digest(json.loads('{"a": [1, 2]}'))


@pytest.fixture
def remembering(package, tmp_path, monkeypatch):
    """Reads the made-up package as a new process does; returns the modules that were parsed. The files are old."""
    monkeypatch.setattr(code, "_memory", lambda: tmp_path / "memory.json")
    monkeypatch.setattr(code.sys, "dont_write_bytecode", False)
    parse = code.ast.parse
    for path in tmp_path.rglob("*.py"):
        os.utime(path, (1, 1))
    monkeypatch.setattr(code, "_SETTLED", -(10**18))

    def read() -> list[str]:
        parsed = []
        monkeypatch.setattr(
            code.ast, "parse", lambda text, filename: (parsed.append(Path(filename).name), parse(text))[1]
        )
        for function in (code._path, code.source, code._remembered, code_digest):
            function.cache_clear()
        code._fresh.clear()
        digest()
        code._remember()
        return parsed

    yield read
    code._remembered.cache_clear()
    code._fresh.clear()


def test_sources_are_parsed_once(remembering, package):
    assert len(remembering()) == 4
    before = digest()
    assert remembering() == []
    assert digest() == before


def test_a_changed_source_is_parsed_again(remembering, package):
    remembering()
    before = digest()
    package("shared.py", "def square(x):\n    return x ** 2\n")
    assert remembering() == ["shared.py"]
    assert digest() != before


def test_a_source_that_was_written_just_now_is_not_remembered(remembering, package, monkeypatch):
    """Its time stamp would not tell whether it changes once more within the same tick of the clock."""
    monkeypatch.setattr(code, "_SETTLED", 2 * 10**9)
    package("shared.py", "def square(x):\n    return x ** 2\n")
    remembering()
    assert "shared.py" in remembering()


@pytest.mark.parametrize("text", ["", "[]", '{"reader": "x", "sources": {}}', '{"sources": {"a": 1}}'])
def test_a_damaged_memory_of_sources_costs_time_only(remembering, tmp_path, text):
    remembering()
    before = digest()
    (tmp_path / "memory.json").write_text(text)
    assert len(remembering()) == 4
    assert digest() == before


def test_a_memory_of_another_reader_is_not_used(remembering, monkeypatch):
    """A change of the program that reads sources makes all that it has remembered void."""
    remembering()
    monkeypatch.setattr(code.files, "sha256", lambda path: "0" * 64)
    assert len(remembering()) == 4
