"""The inputs of a job are checked: they have to be what the jobs before it wrote."""

from __future__ import annotations

import json
import os

import pytest
from finished import finish
from mrisr.training.sources import NAME, claim
from project import TINY, Project

ONE = {**TINY, "training_sets": ["mean"], "test_sets": ["mean"], "losses": ["mse"], "models": None}
TRAIN = ("mrisr", "train", "--scale", "2", "--architecture", "srcnn", "--loss", "mse", "--training-set", "mean")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A study up to its degraded slices."""
    return finish(Project(tmp_path_factory.mktemp("inputs"), ONE), up_to="degrade")


def flip_a_bit(path):
    """Change the last byte of a file and keep its size and times."""
    before, status = path.read_bytes(), path.stat()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return before, status


def put_back(path, before, status):
    path.write_bytes(before)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_an_edited_input_is_refused_and_nothing_of_it_gets_into_the_store(project):
    degraded = project.folder / "results/tiny/degraded/x2/mean/anna.safetensors"
    kept = flip_a_bit(degraded)
    done = project.call(*TRAIN)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: train: its input results/tiny/degraded/x2/mean/anna.safetensors is not what its job wrote: it was "
        "edited or damaged; run snakemake again, which makes it again"
    ]
    assert not list((project.folder / "results").rglob("final-*"))
    told = project.call("mrisr", "check", "--results", "results/tiny")
    assert told.returncode == 2
    assert "degraded/x2/mean/anna.safetensors: is not what its job wrote" in told.stderr
    put_back(degraded, *kept)
    assert project.call("mrisr", "check", "--results", "results/tiny").stdout.endswith("is what its job wrote\n")
    assert project.call(*TRAIN).returncode == 0


def test_an_input_without_a_record_or_of_another_job_is_refused(project):
    record = project.folder / "results/tiny/degraded/x2/mean/anna.run.json"
    text = record.read_text()
    record.unlink()
    assert "has no record that can be read" in project.call(*TRAIN).stderr
    record.write_text(json.dumps({**json.loads(text), "identity": "0" * 64}))
    assert "was made by other code, settings or inputs" in project.call(*TRAIN).stderr
    record.write_text(text)


def test_states_of_other_inputs_are_removed_and_those_of_the_same_are_kept(tmp_path, capsys):
    claim(tmp_path, ["a", "b"])
    (tmp_path / "final-0.safetensors").write_bytes(b"x")
    claim(tmp_path, ["a", "b"])
    assert (tmp_path / "final-0.safetensors").exists()
    assert capsys.readouterr().err == ""
    claim(tmp_path, ["b", "a"])
    assert not (tmp_path / "final-0.safetensors").exists()
    assert "made from other inputs" in capsys.readouterr().err
    (tmp_path / NAME).write_text("[")
    claim(tmp_path, ["b", "a"])
    assert json.loads((tmp_path / NAME).read_text()) == ["b", "a"]
