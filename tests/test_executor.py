"""Where jobs run is known before anything runs, so that sizes are compared with the machine that has to hold them."""

from __future__ import annotations

import sys
import types

import pytest
from mrisr.running.executor import runs_elsewhere
from project import TINY, Project

MAIN = types.SimpleNamespace(is_main_process=True)
HUGE = {**TINY, "architectures": {"srcnn": {"features": [10**8, 10**4], "skip": True}}}
"""Parameters of 3 TB or more."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("elsewhere"), HUGE)


@pytest.mark.parametrize(
    ("arguments", "elsewhere"),
    [
        ([], False),
        (["-n"], False),
        (["--profile", "slurm"], True),
        (["--profile", "slurm", "-n"], True),
        (["--profile=slurm", "--executor", "local", "-c1"], False),
        (["--executor", "slurm", "-j2"], True),
        (["-e", "slurm", "-j2"], True),
    ],
)
def test_an_executor_is_recognised_by_arguments_and_profiles(project, monkeypatch, arguments, elsewhere):
    pytest.importorskip("snakemake_executor_plugin_slurm")
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("SNAKEMAKE_PROFILE", raising=False)
    monkeypatch.setattr(sys, "argv", ["snakemake", *arguments])
    assert runs_elsewhere(MAIN, arguments) is elsewhere


def test_a_profile_of_the_environment_counts(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "slurm")
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    assert runs_elsewhere(MAIN, [])


def test_a_network_that_only_a_node_may_hold_stops_a_run_here_and_not_one_on_a_cluster(project):
    here = project.call("snakemake", "-n")
    assert here.returncode != 0
    assert "architectures.srcnn: its parameters alone take " in here.stderr
    there = project.call("snakemake", "-n", "--profile", "slurm")
    assert there.returncode == 0, there.stderr
    assert "its parameters alone take" not in there.stdout + there.stderr
    checked = project.call("mrisr", "check")
    assert checked.returncode == 0, checked.stderr
    assert "warning: config.yaml: architectures.srcnn: its parameters alone take " in checked.stderr
