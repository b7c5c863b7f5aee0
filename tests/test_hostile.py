"""Archives that want to harm whoever opens them: each is refused, in one line, and nothing is written elsewhere."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import zipfile

import pytest
from mrisr.errors import InputError
from mrisr.files.recorded import Unfit, fitting
from mrisr.publishing import archive
from mrisr.publishing.contained import Described, read
from mrisr.publishing.opening import opened


def made(path, *entries, compression=zipfile.ZIP_STORED):
    """An archive with entries (name, content, mode of the file)."""
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = compression
            entry.external_attr = mode << 16
            target.writestr(entry, content)
    return path


def refused(path):
    """The problems of an archive that is not opened."""
    with pytest.raises(InputError) as caught, opened(path):
        pass
    assert all("\n" not in line and line.isprintable() for line in caught.value.problems)
    return caught.value.problems


@pytest.mark.parametrize(
    "name",
    [
        *("/etc/passwd", "../out", "a/../../out", "a/..", "..", "./a", "a//b", "a/", "C:\\out", "C:out", "a\\..\\b"),
        *("a\nb", "a\x1b[2Jb", "a\u202eb", "a" * 2000, "a" * 300),
    ],
)
def test_a_name_that_leads_elsewhere_or_deceives_is_refused(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    before = set(tmp_path.rglob("*"))
    path = made(inside / "a.zip", (name, b"x", stat.S_IFREG | 0o644))
    assert len(refused(path)) >= 1
    assert set(tmp_path.rglob("*")) - before == {path}


@pytest.mark.parametrize("kind", ["S_IFLNK", "S_IFCHR", "S_IFBLK", "S_IFIFO", "S_IFSOCK", "S_IFDIR"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    path = made(tmp_path / "a.zip", ("a", b"/etc/passwd", getattr(stat, kind) | 0o777))
    assert refused(path) == [f"{path}: a: is a link, a device or another thing that is no file"]


def test_a_link_cannot_be_written_through(tmp_path):
    link = ("a", b"/tmp", stat.S_IFLNK | 0o777)
    assert refused(made(tmp_path / "a.zip", link, ("a/b", b"x", 0)))


def test_a_compressed_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = made(tmp_path / "a.zip", ("a", bytes(2**24), 0), compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**15
    assert "a: is compressed" in refused(path)[0]


def test_one_content_for_many_entries_is_refused(tmp_path):
    """The directory of the archive names one stored file a hundred times (a bomb without compression)."""
    path = made(tmp_path / "a.zip", ("f000", bytes(100_000), 0))
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    many = b"".join(entry.replace(b"f000", f"f{number:03}".encode()) for number in range(100))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 100, 100, len(many), start, 0)
    path.write_bytes(data[:start] + many + tail)
    assert any("says that it holds 10000000 bytes" in line for line in refused(path))


def test_a_size_that_is_not_true_is_refused(tmp_path):
    path = made(tmp_path / "a.zip", ("a", b"12345678", 0))
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    data[start + 20 : start + 28] = struct.pack("<2L", 2**31, 2**31)
    path.write_bytes(data)
    assert len(refused(path)) == 1


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("a", "a/b"), ("a/b", "A")])
def test_two_files_of_one_name_are_refused(tmp_path, names):
    with pytest.warns(UserWarning, match="Duplicate") if names[0] == names[1] else contextlib.nullcontext():
        path = made(tmp_path / "a.zip", *((name, b"x", 0) for name in names))
    assert any("has the same name as" in line or "is a file and a folder" in line for line in refused(path))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04", os.urandom(1000)])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "is no complete ZIP archive" in refused(path)[0]


def test_a_fifo_and_a_missing_file_are_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert "is neither a file nor a folder" in refused(tmp_path / "fifo")[0]
    assert "cannot be read (No such file or directory)" in refused(tmp_path / "missing")[0]


def test_an_unpacked_artifact_with_a_link_or_a_fifo_is_refused(tmp_path):
    (tmp_path / "link").symlink_to("/etc")
    os.mkfifo(tmp_path / "fifo")
    assert len(refused(tmp_path)) == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("modules", {"mrisr./etc/passwd": "0" * 64}),
        ("modules", {"mrisr...x": "0" * 64}),
        ("study", "../../elsewhere"),
        ("study", "/tmp"),
    ],
)
def test_a_module_or_a_study_that_leads_elsewhere_does_not_fit(key, value):
    told = {"format": 1, "study": "a", "mrisr": "0", "python": "3", "versions": {}, "commit": None, "changed": []}
    told |= {"identifiers": {}, "links": {}, "executables": [], "modules": {}}
    assert fitting(told, Described)
    with pytest.raises(Unfit):
        fitting({**told, key: value}, Described)


def test_an_archive_of_nothing_is_no_artifact(tmp_path):
    archive.write(tmp_path / "a.zip", {})
    with opened(tmp_path / "a.zip") as (folder, names), pytest.raises(InputError, match=r"it has no artifact\.json"):
        read(folder, names, tmp_path / "a.zip")
