"""The two profiles: found by their literal names, never setting the same key, and overruled by the command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yte
from mrisr.cores import cores

ROOT = Path(__file__).resolve().parent.parent
RULE = """
rule train_model:
    output:
        "a.txt",
    threads: 999
    resources:
        gpu=1,
        runtime=5,
    shell:
        "echo {threads} > {output}"
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A workflow of one rule beside this repository's profiles."""
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    (tmp_path / "slurm").symlink_to("profiles/slurm")
    (tmp_path / "Snakefile").write_text(RULE)
    return tmp_path


def snakemake(folder: Path, *arguments: str) -> str:
    """Run or dry-run; returns all that was written."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SNAKEMAKE")}
    run = subprocess.run(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def keys(name: str) -> set[str]:
    """Keys that a profile sets."""
    with (ROOT / "profiles" / name / "config.yaml").open() as file:
        return set(yte.process_yaml(file, require_use_yte=True))


def test_no_key_stands_in_both_profiles(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["snakemake", "--profile", "slurm"])
    assert keys("default") & keys("slurm") == set()
    assert {"rerun-triggers", "logger"} <= keys("default")
    assert {"executor", "jobs", "cores", "retries", "default-resources", "set-resources"} <= keys("slurm")


def test_the_literal_name_slurm_is_found_from_the_root():
    assert (ROOT / "slurm").is_symlink()
    assert (ROOT / "slurm" / "config.yaml").samefile(ROOT / "profiles" / "slurm" / "config.yaml")


def test_a_run_takes_all_cores_and_shows_the_compact_display(toy: Path):
    text = snakemake(toy)
    assert "[1/1] done   train_model" in text
    assert int((toy / "a.txt").read_text()) == cores()


def test_the_command_line_overrules_the_number_of_cores(toy: Path):
    snakemake(toy, "-c1")
    assert (toy / "a.txt").read_text() == "1\n"


def test_a_named_target_needs_no_separator(toy: Path):
    assert "[1/1] done   train_model" in snakemake(toy, "a.txt")


def test_on_a_cluster_both_profiles_count_and_threads_are_not_cut_to_the_submitting_machine(toy: Path):
    text = snakemake(toy, "--dry-run", "--profile", "slurm")
    assert "Using profiles slurm and workflow specific profile profiles/default" in text
    assert re.search(r"threads: 64\b", text)
    assert "slurm_partition=gpu" in text
    assert "slurm_account=lab" in text
    assert "runtime=5" in text
