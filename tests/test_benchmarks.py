"""The benchmarks' own machinery: measurements are kept, and tables come from records. Nothing is timed here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from mrisr.files import write_json, write_text

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import __main__ as command
from benchmarks import kept, study
from benchmarks.kept import Kept


def test_an_interrupted_measurement_goes_on_where_it_stopped(tmp_path, capsys):
    calls = []
    for _ in range(2):
        state = Kept(tmp_path / "kept/one.json")
        assert state.get("first", lambda: calls.append("first") or 1.5) == 1.5
    assert state.get("second", lambda: calls.append("second") or [2, 3]) == [2, 3]
    assert calls == ["first", "second"]


def test_measurements_of_other_code_are_forgotten(tmp_path, capsys):
    path = tmp_path / "one.json"
    Kept(path).get("first", lambda: 1)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"code": "another"}))
    assert Kept(path).get("first", lambda: 2) == 2


def test_a_table_is_written_between_its_marks_and_nothing_else_changes(tmp_path, monkeypatch):
    text = "before\n<!-- one -->\nold\n<!-- /one -->\nafter\n"
    monkeypatch.setattr(kept, "README", tmp_path / "README.md")
    write_text(kept.README, text)
    kept.write_into_readme("one", kept.markdown(["a"], [[1234.5], [0.1234], [4321], ["x"]]))
    found = kept.README.read_text()
    assert found == text.replace("old", "| a |\n| --- |\n| 1,234 |\n| 0.123 |\n| 4,321 |\n| x |")
    kept.write_into_readme("one", "old")
    assert kept.README.read_text() == text


@pytest.mark.parametrize("name", command.MEASUREMENTS)
def test_every_measurement_has_its_place(name):
    text = kept.README.read_text(encoding="utf-8")
    assert text.count(f"<!-- {name} -->\n") == text.count(f"<!-- /{name} -->\n") == 1


def record(path: Path, verb: str, **seconds: float) -> None:
    write_json(path, {"command": ["mrisr", verb], **seconds})


@pytest.mark.parametrize(("key", "steps", "total"), [("processor_seconds", 90, 130), ("seconds", 94, 136)])
def test_the_share_that_is_not_training_steps(tmp_path, monkeypatch, capsys, key, steps, total):
    """Two trainings take 100 s, the rest 30 s. A job starts in 2 s, a training in 5 s. One clock leaves starts out."""
    results = tmp_path / "results/made"
    write_text(results / "study.yaml", "study: made\n")
    for number in range(2):
        record(results / f"models/{number}/run.json", "train", **{key: 50.0})
    record(results / "volumes.run.json", "check", **{key: 30.0})
    monkeypatch.setattr(study, "_start", lambda results, program: 5.0 if "torch" in program else 2.0)
    monkeypatch.setattr(study, "machine", lambda: "a machine")
    text = study.table(Kept(tmp_path / "study.json"), results)
    assert f"**{1 - steps / total:.1%} of the time" in text
    assert f"| training steps, with validation | 2 | {steps:.3g} | {steps / total:.1%} |" in text
