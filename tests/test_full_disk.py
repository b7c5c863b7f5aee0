"""A full disk is named where a job failed and could not say why."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
from snakemake_logger_plugin_mrisr import disk
from snakemake_logger_plugin_mrisr.display import Display
from snakemake_logger_plugin_mrisr.estimate import Job

FILLING = """
rule train_model:
    output:
        "results/weights.txt",
    log:
        "results/logs/train.log",
    shell:
        '''
        exec 2> {log}
        # More than fits, in a file that stays; then the reason, which does not fit either.
        cat /dev/zero > results/full || {{ echo "the reason" >&2; exit 1; }}
        '''
"""


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 4 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch):
    """Sets the MB that each file system has free."""

    def say(megabytes: float) -> None:
        usage = types.SimpleNamespace(free=int(megabytes * 10**6))
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    return say


def failed(log: Path, tmp_path: Path) -> str:
    """What the display says of a job that has failed."""
    stream = io.StringIO()
    display = Display(stream, terminal=False, color=False, interval=15)
    display.start_run({"train_model": 1, "total": 1}, 1, cluster=False)
    display.start_job(1, Job("train_model", "train_model a"))
    display.fail_job(1, "train_model", {"log": [str(log)], "output": [str(tmp_path / "results/x/weights")]})
    display.end_run()
    return stream.getvalue()


def run(folder: Path) -> str:
    command = [sys.executable, "-m", "snakemake", "--logger", "mrisr", "--cores", "1"]
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode != 0
    return done.stdout


@pytest.mark.parametrize("whole", [True, False], ids=["the whole project", "results alone"])
def test_a_job_that_fills_its_file_system_is_shown_with_the_file_system(small_disk, tmp_path, whole):
    folder = small_disk if whole else tmp_path / "project"
    folder.mkdir(exist_ok=True)
    (folder / "Snakefile").write_text(FILLING)
    if not whole:
        (folder / "results").symlink_to(small_disk)
    text = run(folder)
    assert "FAILED train_model" in text
    assert "train.log (empty or missing)" in text
    assert re.search(rf"disk: the file system {re.escape(str(small_disk))}, on which results/\S+ lies, has 0 MB", text)
    assert "make room there or put the results elsewhere, then run the same command again" in text
    assert text.count("disk:") == 1


def test_an_empty_log_and_little_room_are_told_with_how_much_there_is(free, tmp_path):
    free(400)
    text = failed(tmp_path / "logs/a.log", tmp_path)
    assert text.count("disk: ") == 1
    assert "has 400 MB free: make room there" in text


def test_an_empty_log_and_much_room_are_no_full_disk(free, tmp_path):
    free(50_000)
    assert "disk: " not in failed(tmp_path / "logs/a.log", tmp_path)
    assert not list(tmp_path.rglob("*"))


def test_a_log_that_says_why_is_enough_unless_the_disk_is_full_all_the_same(free, tmp_path):
    (tmp_path / "a.log").write_text("the loss is nan\n")
    free(400)
    assert "disk: " not in failed(tmp_path / "a.log", tmp_path)
    free(3)
    assert "has 3 MB free" in failed(tmp_path / "a.log", tmp_path)


def test_a_log_that_says_no_space_is_told_which_file_system(free, tmp_path):
    (tmp_path / "a.log").write_text("error: [Errno 28] No space left on device: 'x'\n")
    free(400)
    assert "has 400 MB free" in failed(tmp_path / "a.log", tmp_path)


def test_a_quota_is_no_free_space_either(free, tmp_path, monkeypatch):
    def refuse(**_):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    free(50_000)
    monkeypatch.setattr(disk.tempfile, "TemporaryFile", refuse)
    text = failed(tmp_path / "logs/a.log", tmp_path)
    assert "has 50000 MB free, and nothing can be written (Disk quota exceeded): make room" in text


def test_a_disk_that_is_full_at_the_end_is_named_though_no_job_has_failed(free):
    free(1)
    stream = io.StringIO()
    display = Display(stream, terminal=False, color=False, interval=15)
    display.start_run({"train_model": 1, "total": 1}, 1, cluster=False)
    display.end_run()
    assert "has 1 MB free" in stream.getvalue()
    assert "0 of 1 jobs done" in stream.getvalue().splitlines()[-1]


def test_a_file_system_that_does_not_say_how_much_is_free_is_left_out(tmp_path, monkeypatch):
    def fail(path):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(shutil, "disk_usage", fail)
    assert "disk: " not in failed(tmp_path / "logs/a.log", tmp_path)
