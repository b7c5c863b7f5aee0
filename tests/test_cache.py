"""``mrisr cache``: finished trainings on another machine, verified by identity and checksum."""

from __future__ import annotations

import contextlib
import shutil
import zipfile
from pathlib import Path

import pytest
from finished import STUDY, finished, resigned
from mrisr.cli.run import run_planned
from mrisr.errors import InputError
from mrisr.planning.plan import Plan
from mrisr.publishing import archive
from mrisr.publishing.cache import export, import_
from mrisr.study.validation import load_study

CHECKPOINTS = Path("results/checkpoints")
MODEL = Path("results/tiny/models/x2/srcnn/mse/mean/fold0/seed0")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return finished(
        tmp_path_factory.mktemp("here"), without=("baseline", "evaluate", "explorer", "figure", "report", "tabulate")
    )


@pytest.fixture(scope="module")
def exported(project):
    """The archive, and its files."""
    with contextlib.chdir(project.folder):
        export(Plan(load_study(STUDY)), Path("trainings.zip"), note=lambda line: None)
    with zipfile.ZipFile(project.folder / "trainings.zip") as opened:
        return project.folder / "trainings.zip", {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def there(project, monkeypatch):
    """The same project on a machine that has trained nothing: it has no checkpoints and no models."""
    kept = project.folder / "kept"
    shutil.copytree(project.folder / "results", kept)
    monkeypatch.chdir(project.folder)
    shutil.rmtree(CHECKPOINTS)
    shutil.rmtree(MODEL)
    yield Plan(load_study(STUDY))
    shutil.rmtree("results")
    kept.rename("results")


def said(plan, path):
    """What an import says, and what is wrong with the archive."""
    notes = []
    try:
        import_(plan, path, note=notes.append)
    except InputError as error:
        return notes, error.problems
    return notes, []


def test_a_training_that_was_taken_over_gives_the_same_bytes_and_is_not_trained_again(there, exported, capfd):
    before = (Path("kept/tiny") / MODEL.relative_to("results/tiny") / "weights.safetensors").read_bytes()
    assert said(there, exported[0]) == ([f"{exported[0]}: 2 of 2 trainings taken over"], [])
    names = {"scale": 2, "architecture": "srcnn", "loss": "mse", "training_set": "mean", "fold": 0, "seed": 0}
    capfd.readouterr()
    run_planned(there, "train", identity=None, **names)
    assert (MODEL / "weights.safetensors").read_bytes() == before
    assert "epoch" not in "".join(capfd.readouterr())


def test_the_same_trainings_give_the_same_bytes(project, exported, tmp_path):
    with contextlib.chdir(project.folder):
        export(Plan(load_study(STUDY)), tmp_path / "again.zip", note=lambda line: None)
    assert (tmp_path / "again.zip").read_bytes() == exported[0].read_bytes()


def test_what_is_finished_here_stays(project, exported, monkeypatch):
    monkeypatch.chdir(project.folder)
    notes, problems = said(Plan(load_study(STUDY)), exported[0])
    assert (notes[1:], problems) == (["2 are finished here already"], [])


def test_trainings_of_other_settings_are_left(there, exported):
    text = Path(STUDY).read_text()
    Path("other.yaml").write_text(text.replace("epochs: 2", "epochs: 3"))
    notes, problems = said(Plan(load_study("other.yaml")), exported[0])
    assert notes[0].endswith("0 of 2 trainings taken over")
    assert notes[1] == "2 are of other code, settings or volumes than those of the study 'tiny'"
    assert not problems
    assert not CHECKPOINTS.exists()


@pytest.mark.parametrize("resign", [False, True])
def test_an_archive_with_another_state_is_refused_as_a_whole(there, exported, tmp_path, resign):
    name = next(name for name in exported[1] if "/final-" in name)
    data = bytearray(exported[1][name])
    data[-1] ^= 1
    content = exported[1] | {name: bytes(data)}
    archive.write(tmp_path / "a.zip", resigned(content, {}) if resign else content)
    _, problems = said(there, tmp_path / "a.zip")
    assert any(f"{name}: is not the state that its name tells" in line for line in problems)
    assert any(f"{name}: is changed" in line for line in problems) != resign
    assert not CHECKPOINTS.exists()


@pytest.mark.parametrize(
    ("change", "said_"),
    [
        ({"cache.json": None}, "is no archive of trainings: it has no cache.json"),
        ({"cache.json": b'{"format": 9}'}, "has a newer form than 1"),
        ({"cache.json": b"?"}, "cache.json: is damaged"),
        ({"more": b""}, "'more': is no part of an archive of trainings"),
        ({f"{'0' * 64}/final-e3b0c44298fc1c14.safetensors": b""}, "cannot be read as a safetensors file"),
    ],
)
def test_what_is_no_archive_of_trainings_is_refused(there, exported, tmp_path, change, said_):
    archive.write(tmp_path / "a.zip", resigned(exported[1], change))
    _, problems = said(there, tmp_path / "a.zip")
    assert any(said_ in line for line in problems), problems
    assert not CHECKPOINTS.exists()


def test_a_study_without_a_finished_training_exports_nothing(there, tmp_path):
    with pytest.raises(InputError, match="no training of the study 'tiny' is finished; run snakemake first"):
        export(there, tmp_path / "a.zip")
