"""Temporary files: those of killed processes are removed by whoever writes the same file next, a living one's never."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from mrisr import arrays, files
from mrisr.files import temporary_folder, write_json

WRITER = """
import sys
from mrisr.files import replacing, temporary_folder
with {block} as temporary:
    if not temporary.exists():
        temporary.write_text("half")
    print(temporary, flush=True)
    sys.stdin.read()
"""
BLOCKS = {
    "replacing('gallery.png')": lambda: write_json("gallery.png", {}),
    "temporary_folder('.', '.fetch-')": lambda: temporary_folder(".", ".fetch-").__enter__(),
}


@pytest.fixture(params=BLOCKS)
def writer(request, tmp_path, monkeypatch):
    """A process in the middle of its work, its temporary file or folder, and what another process does then."""
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", WRITER.format(block=request.param)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    temporary = Path(process.stdout.readline().strip())
    assert temporary.exists()
    yield process, temporary, BLOCKS[request.param]
    process.kill()
    process.communicate()


def test_what_a_killed_process_left_is_removed_by_the_next_one(writer):
    process, temporary, write_again = writer
    process.kill()
    process.wait()
    assert temporary.exists()
    write_again()
    assert not temporary.exists()


def test_what_a_living_process_writes_is_let_be(writer):
    process, temporary, write_again = writer
    write_again()
    assert temporary.exists()
    process.communicate("")
    assert process.returncode == 0
    assert not temporary.exists()


def test_only_unlocked_folders_of_the_same_file_are_removed(tmp_path):
    kept = [".b.json.abcdefgh", ".a.json.abcdefghi", ".a.json.ABCDEFGH", "a.json.abcdefgh", ".a.json.withfile"]
    removed = [".a.json.abcdefgh", ".a.json.withlock"]
    for name in [*kept, *removed]:
        (tmp_path / name).mkdir()
    # Without a lock file, nothing is known of a folder that holds something.
    (tmp_path / ".a.json.withfile/mine").write_text("")
    (tmp_path / ".a.json.withlock/.lock").write_text("")
    (tmp_path / ".a.json.withlock/.half").write_text("")
    os.mkfifo(tmp_path / ".a.json.fifofifo")
    (tmp_path / ".a.json.linklink").symlink_to(kept[0])
    write_json(tmp_path / "a.json", {})
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "a.json", ".a.json.linklink", ".a.json.fifofifo"}


def test_a_file_system_without_locks_loses_nothing(tmp_path, monkeypatch):
    def refuse(handle, how):
        raise OSError("no locks available")

    monkeypatch.setattr(files.fcntl, "flock", refuse)
    (tmp_path / ".a.json.abcdefgh").mkdir()
    (tmp_path / ".a.json.abcdefgh/.lock").write_text("")
    write_json(tmp_path / "a.json", {})
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", ".a.json.abcdefgh"}


@pytest.mark.parametrize("before", ["the lock", "the file"])
def test_a_folder_that_another_process_removes_in_the_first_moment_is_made_anew(before, tmp_path, monkeypatch):
    made, make, lock = [], files.tempfile.mkdtemp, files.fcntl.flock

    def removed_before_the_file(**where):
        made.append(make(**where))
        if before == "the file" and len(made) == 1:
            shutil.rmtree(made[0])
        return made[-1]

    def removed_before_the_lock(handle, how):
        if before == "the lock" and len(made) == 1:
            shutil.rmtree(made[0])
        lock(handle, how)

    monkeypatch.setattr(files.tempfile, "mkdtemp", removed_before_the_file)
    monkeypatch.setattr(files.fcntl, "flock", removed_before_the_lock)
    write_json(tmp_path / "a.json", {})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert len(made) == 2


def test_a_writer_may_put_another_file_in_the_place_of_the_temporary_one(tmp_path, monkeypatch):
    # The library safetensors does so: a lock on the file itself would be lost.
    save = safetensors.numpy.save_file

    def saving(tensors, path, **more):
        save(tensors, path, **more)
        for _ in range(2):
            write_json(tmp_path / "a.safetensors", {})
        assert Path(path).exists()

    monkeypatch.setattr(safetensors.numpy, "save_file", saving)
    arrays.save(tmp_path / "a.safetensors", {"a": np.zeros(3)}, {})
    assert arrays.load(tmp_path / "a.safetensors")[0]["a"].shape == (3,)
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
