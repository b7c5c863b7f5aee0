"""A record or memory on disk that is not as it was written counts as missing, whatever JSON or other text it holds."""

from __future__ import annotations

import json
import os
import types
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mrisr.costs import networks
from mrisr.costs.geometry import Geometries
from mrisr.costs.memo import Memo
from mrisr.files import recorded, sha256, write_json
from mrisr.identity import ContentDigests
from mrisr.planning import currency
from mrisr.planning.job import Job
from mrisr.planning.records import Recorder, read_record, verify_results

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
"""Any JSON value, what is no number included."""
DEEP = "[" * 100_000 + "]" * 100_000
LESS_DEEP = '{"identity":' * 200 + "0" + "}" * 200
NO_JSON = [b"", b"{", b"\xff\xfe", b"nul", DEEP.encode(), LESS_DEEP.encode(), b"9" * 10_000, b'{"a": 1} trailing']
any_json = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def mixed(*parts):
    """A mapping whose parts are as they should be, anything else, or not there."""
    return st.fixed_dictionaries({}, optional={name: JSON | whole for name, whole in parts})


DIGEST = st.text("0123456789abcdef", min_size=64, max_size=64)
STAMP = st.lists(st.integers(), min_size=2, max_size=2)
OUTPUT = mixed(("sha256", DIGEST), ("stamp", STAMP))


# ---- the reader -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", NO_JSON)
def test_what_is_no_json_or_too_deep_is_not_there(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    assert recorded.read(tmp_path / "a.json", dict) is None


def test_neither_is_a_fifo_a_device_a_folder_a_link_loop_or_a_file_too_large(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "large").write_text('"' + "a" * 100 + '"')
    monkeypatch.setattr(recorded, "LARGEST", 100)
    for name in ("fifo", "loop", "zero", "large", ".", "none", "nul\0"):
        assert recorded.read(tmp_path / name, str) is None
    with pytest.raises(recorded.Unfit, match="more than the 100"):
        recorded.parse('"' + "a" * 100 + '"', str)


def test_nothing_is_converted_and_the_first_wrong_place_is_named():
    assert recorded.parse('{"\\udcff": [1]}', dict[str, list[int]]) == {"\udcff": [1]}
    for text in ('{"a": ["1"]}', '{"a": [true]}', '{"a": [1.0]}'):
        with pytest.raises(recorded.Unfit, match=r"is not as expected \(a\.0: "):
            recorded.parse(text, dict[str, list[int]])


# ---- run.json ---------------------------------------------------------------------------------------------------


@pytest.fixture
def job(tmp_path):
    """A job whose outputs are current."""
    made = tmp_path / "made.txt"
    made.write_text("made")
    job = Job("toy", "mrisr.toy", {}, (), {}, {"made": str(made)}, str(tmp_path / "run.json"))
    Recorder(job.identity).write(job.record, job.writes)
    return job


@pytest.fixture
def plan(tmp_path):
    """The part of a plan that `mrisr.planning.currency` uses."""
    return types.SimpleNamespace(subjects=types.SimpleNamespace(digests=ContentDigests(tmp_path / "digests.json")))


@any_json
@given(record=JSON | mixed(("identity", st.just(None)), ("outputs", st.dictionaries(st.just("made.txt"), OUTPUT))))
@example(record={"identity": None})
@example(record={"identity": None, "outputs": []})
@example(record={"identity": None, "outputs": {"made.txt": {"sha256": "0" * 64}}})
@example(record={"identity": None, "outputs": {"made.txt": {"sha256": "0" * 64, "stamp": [1]}}})
@example(record={"identity": None, "outputs": {"made.txt": {"sha256": "0" * 64, "stamp": [1, 2**70]}}})
@example(record={"identity": None, "outputs": {"made.txt": None}})
def test_any_json_in_place_of_a_record_means_not_current(record, job, plan):
    if isinstance(record, dict) and record.get("identity", 0) is None:
        record = {**record, "identity": job.identity}
    Path(job.record).write_text(json.dumps(record))
    assert not currency.is_current(plan, job)


@pytest.mark.parametrize("content", NO_JSON)
def test_a_damaged_record_is_called_so(content, job, plan):
    assert currency.is_current(plan, job)
    Path(job.record).write_bytes(content)
    assert currency._fault(plan, job, read_record(job.record))[0] == "has a damaged run.json"
    Path(job.record).unlink()
    assert currency._fault(plan, job, read_record(job.record))[0] == "has no run.json"


def test_the_output_that_is_damaged_is_the_one_that_is_named(tmp_path, plan):
    writes = {name: str(tmp_path / f"{name}.csv") for name in ("scores", "psnr", "ssim")}
    for path in writes.values():
        Path(path).write_text("made")
    job = Job("toy", "mrisr.toy", {}, (), {}, writes, str(tmp_path / "run.json"))
    Recorder(job.identity).write(job.record, job.writes)
    plan.jobs, plan.pages, plan.job = lambda: [job], list, lambda stage: job
    plan.stages = {"toy": types.SimpleNamespace(IN_STUDY=True)}
    Path(writes["psnr"]).write_text("edited")
    assert currency.describe(currency.outdated(plan)[:1]) == [f"toy: 1 output ({writes['psnr']}) was edited or damaged"]
    Path(writes["ssim"]).unlink()
    assert currency.describe(currency.outdated(plan)[:1]) == [f"toy: 1 output ({writes['ssim']}) is missing"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_something_else_in_place_of_an_output_is_damage(make, job, plan):
    path = job.writes["made"]
    os.unlink(path)
    make(path)
    assert currency._fault(plan, job, read_record(job.record))[0] == "was edited or damaged"


def test_an_output_that_was_touched_gets_its_time_again_and_one_of_an_impossible_time_is_left(job, plan, monkeypatch):
    made = Path(job.writes["made"])
    before = made.stat().st_mtime_ns
    os.utime(made, (1, 1))
    currency._restore_times(job, read_record(job.record))
    assert made.stat().st_mtime_ns == before
    record = json.loads(Path(job.record).read_text())
    record["outputs"]["made.txt"]["stamp"][1] = -(2**63)
    write_json(job.record, record)
    currency._restore_times(job, read_record(job.record))


# ---- what is remembered -----------------------------------------------------------------------------------------


@any_json
@given(memory=JSON | st.dictionaries(st.just("PATH"), JSON | st.tuples(JSON, JSON), max_size=1))
@example(memory={"PATH": 1})
@example(memory={"PATH": [[1], "0" * 64]})
@example(memory={"PATH": [None, 5]})
@example(memory=["PATH"])
def test_any_json_in_place_of_the_digests_gives_the_right_digest(memory, tmp_path):
    path = tmp_path / "file"
    path.write_text("content")
    status = path.stat()
    stamp = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
    if isinstance(memory, dict):
        memory = {os.path.abspath(path) if name == "PATH" else name: entry for name, entry in memory.items()}
    for damaged in (memory, {os.path.abspath(path): [stamp, memory]}, {os.path.abspath(path): [stamp]}):
        (tmp_path / "digests.json").write_text(json.dumps(damaged))
        digests = ContentDigests(tmp_path / "digests.json")
        assert digests(path) == sha256(path)
        digests.save()
        assert ContentDigests(tmp_path / "digests.json").known == {os.path.abspath(path): (stamp, sha256(path))}


@pytest.mark.parametrize("content", NO_JSON)
def test_a_memory_that_is_no_json_is_empty(content, tmp_path):
    (tmp_path / "memory.json").write_bytes(content)
    assert ContentDigests(tmp_path / "memory.json").known == {}
    assert Memo(tmp_path / "memory.json").values == {}


ARCHITECTURE = {"kind": "srcnn", "options": {}}
NETWORK = {"parameters": 5, "saved": 1.5, "largest": 2, "flops": 3.0}
HEADER = {"shape": [10, 20, 30], "axis": 2, "reverse": False}


@any_json
@given(memory=JSON, value=JSON | mixed(("shape", st.lists(st.integers())), *((n, st.integers()) for n in NETWORK)))
@example(memory={}, value={**NETWORK, "flops": float("inf")})
@example(memory={}, value={**NETWORK, "more": 1})
@example(memory={}, value={**HEADER, "shape": [1, 2]})
@example(memory={}, value={**HEADER, "axis": 7})
@example(memory={}, value={**HEADER, "shape": [1, 2**40, 1]})
def test_any_json_in_place_of_the_costs_is_measured_again(memory, value, tmp_path):
    where, key = tmp_path / "costs.json", networks.key(ARCHITECTURE, 2)
    for damaged in (memory, {key: value}):
        where.write_text(json.dumps(damaged))
        assert isinstance(networks.network(ARCHITECTURE, 2, Memo(where)), networks.Network)
    subjects = types.SimpleNamespace(
        volumes={"a": types.SimpleNamespace(axis=None, path="none.nii", kind=None, slices=None)},
        counts={"a": None},
        files=lambda *roles: {},
    )
    study = types.SimpleNamespace(
        slices=types.SimpleNamespace(axis="axial", range=None), protocol=types.SimpleNamespace(scales=[2])
    )
    plan = types.SimpleNamespace(subjects=subjects, study=study)
    memo = Memo(where)
    Geometries(plan, memo).of("a")
    (key,) = {name for name in memo.values if name.startswith("header ")}
    where.write_text(json.dumps({key: value}))
    assert Geometries(plan, Memo(where)).of("a").slices >= 0


def test_what_is_remembered_is_used(tmp_path):
    memo = Memo(tmp_path / "costs.json")
    memo.put(networks.key(ARCHITECTURE, 2), NETWORK)
    memo.save()
    assert networks.network(ARCHITECTURE, 2, Memo(tmp_path / "costs.json")).parameters == 5


# ---- a whole results folder -------------------------------------------------------------------------------------


@pytest.fixture
def results(tmp_path):
    """A results folder with two records; one has an output above itself."""
    folder = tmp_path / "results/tiny"
    for name in ("tables/psnr.csv", "scores.csv", "slices/anna.safetensors"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    tables = {"scores": str(folder / "scores.csv"), "table": str(folder / "tables/psnr.csv")}
    Recorder("x").write(folder / "tables/run.json", tables)
    Recorder("y").write(folder / "slices/anna.run.json", {"slices": str(folder / "slices/anna.safetensors")})
    return folder


def test_a_results_folder_as_it_was_made_has_no_problems(results, monkeypatch):
    seen = []
    assert verify_results(results, lambda done, total: seen.append((done, total))) == []
    assert seen == [(1, 2), (2, 2)]
    monkeypatch.chdir(results)
    assert verify_results(".") == []


def test_each_output_that_is_not_what_was_made_is_named_though_size_and_time_are_the_same(results):
    flipped = results / "slices/anna.safetensors"
    status = flipped.stat()
    flipped.write_text("Slices/anna.safetensors")
    os.utime(flipped, ns=(status.st_atime_ns, status.st_mtime_ns))
    (results / "scores.csv").unlink()
    os.unlink(results / "tables/psnr.csv")
    os.mkfifo(results / "tables/psnr.csv")
    flip, missing, fifo = verify_results(results)
    assert flip.startswith(f"{flipped}: is not what its job wrote")
    assert missing == f"{results / 'scores.csv'}: is missing"
    assert fifo.startswith(f"{results / 'tables/psnr.csv'}: cannot be read")


def test_damaged_records_and_outputs_elsewhere_are_named_and_what_was_set_aside_is_not_read(results):
    (results / "set-aside/now").mkdir(parents=True)
    (results / "set-aside/now/run.json").write_text("{")
    (results / "slices/anna.run.json").write_text('{"identity": "x"}')
    made = {"sha256": "0" * 64, "stamp": [1, 2]}
    outputs = {"../../../../secret": made, "/etc/hostname": made, "nul\0": made, "\udcff": made, "a\nb": made}
    write_json(results / "tables/run.json", {"identity": "x", "outputs": outputs})
    problems = verify_results(results)
    assert problems[0] == f"{results / 'slices/anna.run.json'}: is damaged, so its outputs cannot be compared"
    assert sum("names an output outside" in line for line in problems) == 2
    assert len(problems) == 6
    assert not any("\n" in line for line in problems)


@any_json
@given(record=JSON | mixed(("identity", st.text()), ("outputs", st.dictionaries(st.text(), OUTPUT, max_size=3))))
def test_any_json_in_place_of_a_record_is_met_by_lines(record, results):
    (results / "tables/run.json").write_text(json.dumps(record))
    assert all(isinstance(line, str) for line in verify_results(results))


def test_a_folder_without_records_is_no_verified_one(tmp_path):
    (line,) = verify_results(tmp_path / "none")
    assert "there is no run.json below it" in line
