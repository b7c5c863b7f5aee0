"""The SLURM job that a training runs in. Scripts replace SLURM's commands here; test_slurm.py uses the real ones."""

from __future__ import annotations

import os
import time

import pytest
from mrisr.cli import allocation


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """``slurm(command, script)`` puts a command on the path of a process that runs in job 7."""

    def install(command: str, script: str) -> None:
        (tmp_path / command).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / command).chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    return install


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("0:59", 59), ("59:30", 3570), ("4:00:00", 14400), ("1-02:03:04", 93784), ("UNLIMITED", None), ("INVALID", None)],
)
def test_the_time_left_is_what_squeue_says(slurm, said, seconds):
    slurm("squeue", f'[ "$*" = "--noheader --format=%L --jobs=7" ] && echo {said}')
    assert allocation.seconds_left() == seconds


def test_outside_of_a_job_slurm_is_not_asked(slurm, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID")
    slurm("squeue", "echo 1:00")
    slurm("scontrol", "exit 0")
    assert allocation.seconds_left() is None
    allocation.requeue()


def test_a_refused_requeue_is_said_and_the_training_ends_by_itself(slurm, capfd):
    slurm("scontrol", "echo 'Requested operation is presently disabled' >&2; exit 1")
    allocation.requeue()
    assert "SLURM cannot requeue this job: Requested operation is presently disabled" in capfd.readouterr().err


def test_a_requeued_training_waits_to_be_ended(slurm, monkeypatch):
    monkeypatch.setattr(allocation, "PATIENCE", 0.3)
    slurm("scontrol", '[ "$*" = "requeue 7" ]')
    began = time.monotonic()
    allocation.requeue()
    assert time.monotonic() - began >= 0.3
