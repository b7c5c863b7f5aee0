"""One machine without a scheduler: its GPUs are shared out one job each, threads are what the study says."""

from __future__ import annotations

import copy
import itertools
import json
import os
import subprocess
import sys

import pytest
from mrisr.cores import cores
from mrisr.running.gpus import gpus, one_gpu
from project import TINY, Project

HOLD = """
import sys, time
from mrisr.running.gpus import one_gpu
with one_gpu("auto") as gpu:
    print(gpu, flush=True)
    sys.stdin.read()
"""
SPY = '''"""A network that writes down the threads it runs with."""

import os
import sys
from pathlib import Path

import torch

from .srcnn import SRCNN


class Spy(SRCNN):
    """SRCNN."""

    def __init__(self, *, scale: int, channels: int = 1, features: list[int] = (4, 2)):
        super().__init__(scale=scale, channels=channels, features=list(features))

    def forward(self, images):
        Path("threads.txt").open("a").write(f"{sys.argv[1:2]} {torch.get_num_threads()}" + os.linesep)
        return super().forward(images)
'''


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that gives this machine that many GPUs, as far as NVIDIA's tool says, and locks of its own."""

    def with_gpus(number: int) -> None:
        tool = tmp_path / "bin/nvidia-smi"
        tool.parent.mkdir(exist_ok=True)
        tool.write_text("#!/bin/sh\n" + "".join(f"echo GPU-{n}\n" for n in range(number)))
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.delenv("SLURM_JOB_ID", raising=False)

    return with_gpus


def holder() -> subprocess.Popen:
    """A process that takes a GPU, says which, and keeps it until its standard input is closed."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", HOLD], text=True, **pipes)


def test_each_process_has_a_gpu_of_its_own_and_one_more_waits(machine):
    machine(2)
    first, second = holder(), holder()
    assert {first.stdout.readline(), second.stdout.readline()} == {"GPU-0\n", "GPU-1\n"}
    third = holder()
    assert third.stderr.readline() == "waiting for a GPU: other jobs have all 2 of this machine\n"
    assert third.poll() is None
    first.kill()
    assert third.stdout.readline() in {"GPU-0\n", "GPU-1\n"}, "the lock of a killed process is free"
    for process in (second, third):
        process.communicate("")
    first.communicate()


@pytest.mark.parametrize(
    ("visible", "found"), [(None, ["GPU-0", "GPU-1"]), ("1", ["1"]), ("0, 3", ["0", "3"]), ("", []), ("-1", [])]
)
def test_the_gpus_are_those_that_the_process_may_see(machine, monkeypatch, visible, found):
    machine(2)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus() == found


def test_a_job_of_a_scheduler_keeps_the_gpu_that_it_was_given(machine, monkeypatch):
    machine(2)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    with one_gpu("auto") as gpu:
        assert (gpu, os.environ["CUDA_VISIBLE_DEVICES"]) == (None, "1")


def test_nothing_is_taken_without_gpus_or_for_the_cpu(machine):
    machine(0)
    with one_gpu("auto") as gpu:
        assert gpu is None
    machine(2)
    with one_gpu("cpu") as gpu:
        assert gpu is None
        assert "CUDA_VISIBLE_DEVICES" not in os.environ


@pytest.fixture
def folder(tmp_path):
    """An empty folder for a project."""
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def times(project: Project) -> list[tuple[float, float]]:
    """When the trainings began and ended, in order."""
    found = []
    for record in [
        *project.folder.glob("results/tiny/models/**/run.json"),
        *project.folder.glob("**/scores/**/run.json"),
    ]:
        ended, made = record.stat().st_mtime, json.loads(record.read_text())
        assert made["gpu"] == "GPU-0"
        found.append((ended - made["seconds"], ended))
    return sorted(found)


def test_one_gpu_runs_one_job_at_a_time_however_many_cores_there_are(machine, folder):
    machine(1)
    project = Project(folder, copy.deepcopy(TINY) | {"models": TINY["models"][:1]})
    project.snakemake("-c4", "models")
    intervals = times(project)
    assert len(intervals) == 3
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(intervals))


def test_a_machine_without_gpus_ignores_what_jobs_ask_for(machine, folder):
    machine(0)
    project = Project(folder)
    assert project.planned("models")["train_model"] == 6


def test_a_training_runs_with_the_threads_of_the_study(folder):
    if cores() < 2:
        pytest.skip("needs two cores: a training refuses to run with fewer threads than the study says")
    config = copy.deepcopy(TINY) | {"architectures": {"spy": {}}, "losses": ["mse"], "test_sets": ["mean"]}
    config["models"] = [{"architectures": ["spy"], "losses": ["mse"], "training_sets": ["mean"]}]
    config["training"]["threads"] = 2
    project = Project(folder, config)
    (project.folder / "workflow/mrisr/models/spy.py").write_text(SPY)
    project.snakemake("-c2", "results/tiny/scores/x2/spy/mse/mean/fold0/seed0/scores.csv")
    seen = set((project.folder / "threads.txt").read_text().splitlines())
    assert seen == {"['train'] 2", "['evaluate'] 1", "[] 1"}, "the last is what measures the network beforehand"
