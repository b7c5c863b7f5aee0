"""Distributes the tests over processes, and starts the SLURM cluster once for all test files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from finished import finish_by_itself
from mrisr.cores import cores
from slurm.cluster import CANNOT, DOWN, PROGRAMS, UP, ClusterProject
from xdist.scheduler import LoadScopeScheduling

from slurm import scenarios

MOST_PROCESSES = 8
ON_CLUSTER = {"test_cluster", "test_slurm", "test_slurm_faults"}
"""Files with tests of the SLURM cluster."""
ON_FINISHED = {"test_cache", "test_commands", "test_publish", "test_verify"}
"""Files whose tests start from the same finished study."""
# Several processes of several threads each would take many times longer. Read when torch is imported, after this.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Hundreds of programs are started. Each would compile and read all sources of the library again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process for each core, and one for the tests of the cluster, which mostly wait for its jobs (`-n auto`).

    The tests of a single file run in pytest's own process.
    """
    files = {argument.partition("::")[0] for argument in config.args}
    single = len(files) == 1 and next(iter(files)).endswith(".py")
    return 0 if single or cores() < 2 else min(cores() + 1, MOST_PROCESSES)


class OneProcessAFile(LoadScopeScheduling):
    """Runs the tests of a file in one process, because they share projects.

    All tests of the cluster share a process too, and those that start from the same finished study.

    `--dist loadgroup` does not work: pytest-xdist 3.8 passes groups in a way that pytest 9.2 does not understand.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        name = Path(file).stem
        return "cluster" if name in ON_CLUSTER else "finished" if name in ON_FINISHED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneProcessAFile:
    """Distribute the tests file by file."""
    return OneProcessAFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest tests first: those of the cluster, which mostly wait for jobs, then files with slow tests."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.stem not in ON_CLUSTER, item.path not in slow))


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
    """The study as made on this machine without a cluster."""
    return finish_by_itself(ClusterProject(tmp_path_factory.mktemp("local")))


@pytest.fixture(scope="session")
def happened(undisturbed, tmp_path_factory) -> Callable[[Callable], tuple[ClusterProject, Any]]:
    """``happened(scenario)`` waits for a scenario's end, and gives its project and result. All start with the first."""
    outcomes = scenarios.start_all(undisturbed, tmp_path_factory.mktemp("slurm"))
    return lambda scenario: outcomes[scenario].result(timeout=1200)
