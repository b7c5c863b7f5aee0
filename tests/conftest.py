"""The SLURM cluster, and what the tests let happen on it: once for all test files, several things at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slurm.cluster import CANNOT, DOWN, PROGRAMS, UP, ClusterProject

from slurm import scenarios


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """A running cluster; one that the tests started is stopped after them."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=f"{os.defpath}:/usr/sbin:/sbin") is None]
    if missing:
        pytest.skip(f"there is no {missing[0]} here; tests/slurm/up, as root, installs and starts SLURM")
    was_up = subprocess.run(["scontrol", "ping"], capture_output=True).returncode == 0
    up = subprocess.run([UP], text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if up.returncode == CANNOT:
        pytest.skip(up.stderr.strip())
    assert up.returncode == 0, up.stderr
    yield
    if not was_up:
        subprocess.run([DOWN], check=True)


@pytest.fixture(scope="session")
def undisturbed(cluster, tmp_path_factory) -> ClusterProject:
    """The study as this machine makes it without a cluster."""
    project = ClusterProject(tmp_path_factory.mktemp("local"))
    project.snakemake("-c2")
    return project


@pytest.fixture(scope="session")
def happened(undisturbed, tmp_path_factory) -> Callable[[Callable], tuple[ClusterProject, Any]]:
    """``happened(scenario)`` waits for a scenario's end: its project and what it returned. All begin with the first."""
    outcomes = scenarios.start_all(undisturbed, tmp_path_factory.mktemp("slurm"))
    return lambda scenario: outcomes[scenario].result(timeout=1200)
