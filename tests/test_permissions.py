"""A run from an environment that is not on PATH; and results that are read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import Project

SLICES = "results/tiny/slices/anna.safetensors"
WITHOUT_OVERRIDE = ["setpriv", "--bounding-set=-dac_override"]
"""Root may write everything but for this."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("project"))
    environment = {**project.environment, "PATH": os.defpath}
    snakemake = Path(sys.executable).with_name("snakemake")
    command = [snakemake, "-c1", SLICES]
    done = subprocess.run(command, cwd=project.folder, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_jobs_find_the_program_beside_the_python_that_runs_snakemake(project):
    assert shutil.which("mrisr", path=os.defpath) is None
    assert (project.folder / SLICES).exists()


def call(project: Project, *arguments: str) -> subprocess.CompletedProcess:
    """Snakemake by a user whom permissions bind."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may write read-only files, and there is no setpriv to take that away")
    return project.call(*(WITHOUT_OVERRIDE if os.geteuid() == 0 else []), "snakemake", *arguments)


@pytest.fixture
def read_only(project):
    """The results as somebody has locked them, with one output damaged."""
    path = project.folder / SLICES
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    folders = [folder for folder in (project.folder / "results").rglob("*") if folder.is_dir()]
    files = [file for file in (project.folder / "results").rglob("*") if file.is_file()]
    for place in [*files, *folders]:
        place.chmod(0o444 if place in files else 0o555)
    yield project
    for place in [*folders, *files]:
        place.chmod(0o755)
    path.write_bytes(whole)


def test_a_dry_run_lists_what_a_run_would_make_in_read_only_results(read_only):
    done = call(read_only, "-n", SLICES)
    assert done.returncode == 0, done.stderr
    assert "rule slice_volume:" in done.stdout + done.stderr


def test_a_run_says_in_one_line_that_results_are_read_only(read_only):
    done = call(read_only, "-c1", SLICES)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")] == done.stderr.splitlines()[-1:]
    assert "results/tiny" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_names_an_output_that_is_read_only_and_has_to_be_made_again(project):
    path = project.folder / SLICES
    path.chmod(0o444)
    done = call(project, "-c1", SLICES, "--forcerun", "slice_volume")
    path.chmod(0o644)
    assert done.returncode == 1
    assert f"error: {SLICES} is read-only and has to be made again; `chmod u+w {SLICES}`" in done.stderr
    assert "Exception" not in done.stderr
    project.snakemake("-c1", SLICES)
