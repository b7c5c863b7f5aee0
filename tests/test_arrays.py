"""Arrays on disk that are not as they were written: one line, never a traceback, never a full memory."""

from __future__ import annotations

import json
import os
import types

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mrisr import kernels
from mrisr.arrays import Cache, SavedState, load, load_slices, save, save_slices, stored_slices
from mrisr.degradations.estimated import Estimated
from mrisr.errors import InputError
from mrisr.learned.estimate import Described, Unfinished, _finished
from mrisr.quality import regressor
from mrisr.training import train as training
from mrisr.training.checkpoints import Checkpoints
from mrisr.training.state import Packed
from mrisr.training.weights import load_model, save_weights
from safetensors.numpy import save_file
from training_problem import problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
any_json = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SLICE = np.zeros((1, 4, 4), np.float32)


def changed(whole: dict) -> st.SearchStrategy:
    """A mapping in which some values are replaced by anything, and some are missing."""
    return st.fixed_dictionaries({}, optional={name: JSON | st.just(value) for name, value in whole.items()})


def line(read, *arguments) -> str:
    """The one line of the error."""
    with pytest.raises(InputError) as caught:
        read(*arguments)
    (text,) = caught.value.problems
    assert "\n" not in text
    return text


def check_one_line(read, *arguments) -> None:
    """Assert that something is read, or refused with one line."""
    try:
        read(*arguments)
    except InputError as error:
        (text,) = error.problems
        assert "\n" not in text


def check_every_reader(path) -> None:
    """Assert that each reader of tensors reads the file, or refuses it with one line."""
    for read in (load, load_slices, lambda p: stored_slices(p, Cache(0)), load_model, regressor.load):
        check_one_line(read, path)
    check_one_line(lambda: Estimated(scale=2, grid="low", file=path))
    check_one_line(lambda: load_slices(path)[1]["subject"])


# ---- metadata ---------------------------------------------------------------------------------------------------

GEOMETRY = {
    "subject": "a",
    "axis": 2,
    "affine": np.eye(4).tolist(),
    "spacing": [1.0, 1.0, 1.0],
    "slice_ids": ["a/0001"],
}


@any_json
@given(metadata=JSON | changed(GEOMETRY) | changed({"features": list(regressor.NAMES), "gamma": 0.05}))
@example(metadata=[])
@example(metadata={"subject": 3})
@example(metadata={"slice_ids": "a", "kernels": 1})
def test_any_metadata_are_taken_or_refused_with_one_line(metadata, tmp_path):
    path = tmp_path / "a.safetensors"
    for tensors in (
        {"slice/0001": SLICE},
        {"kernels": np.ones((1, 3, 3))},
        {name: SLICE for name in regressor.TENSORS},
    ):
        save_file(tensors, path, metadata={"mrisr": json.dumps(metadata)})
        check_every_reader(path)


@pytest.mark.parametrize("text", ["", "[" * 10_000, "[]", "null", "{", '{"a":' * 100 + "1" + "}" * 100, "9" * 5000])
def test_metadata_that_are_no_mapping_or_too_deep_are_named(text, tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"slice/0001": SLICE}, path, metadata={"mrisr": text})
    assert line(load, path).startswith(f"{path}: its metadata cannot be read: ")
    check_every_reader(path)


def test_a_key_that_is_missing_is_named(tmp_path):
    save(tmp_path / "a.safetensors", {"kernels": np.ones((1, 3, 3))}, {})
    _, metadata = load(tmp_path / "a.safetensors")
    assert line(lambda: metadata["subject"]).endswith("its metadata have no 'subject'; delete it and run again")


# ---- tensors ----------------------------------------------------------------------------------------------------


NO_NAMES = ["slice/x", "slice/", "slice/1", "slice/-001", "slice/00001", "slice/0001/a", "slice/１２３４"]


@pytest.mark.parametrize("name", [*NO_NAMES, "slice/" + "9" * 5000])
def test_a_tensor_that_has_no_name_of_a_slice_is_named(name, tmp_path):
    path = tmp_path / "a.safetensors"
    save(path, {name: SLICE, "slice/0001": SLICE}, {})
    for read in (load_slices, lambda p: stored_slices(p, Cache(0))):
        assert "is no name of a slice" in line(read, path)


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((1, 2, 3)), np.float32(1), np.zeros((1, 0, 3), np.float32)])
def test_a_slice_of_another_form_is_named(array, tmp_path):
    path = tmp_path / "a.safetensors"
    save(path, {"slice/0007": array}, {})
    for read in (load_slices, lambda p: stored_slices(p, Cache(0))):
        assert "slice 7 is " in line(read, path)


def test_numbers_that_numpy_does_not_have_are_refused(tmp_path):
    from safetensors.torch import save_file as save_tensors

    tensors = {"slice/0001": torch.zeros(1, 2, 2, dtype=torch.bfloat16)}
    save_tensors(tensors, tmp_path / "a.safetensors", metadata={"mrisr": "{}"})
    check_every_reader(tmp_path / "a.safetensors")
    assert line(load_slices, tmp_path / "a.safetensors")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_file_is_refused(make, tmp_path):
    make(tmp_path / "a.safetensors")
    assert "is no file" in line(load, tmp_path / "a.safetensors")


@any_json
@given(header=st.binary(max_size=50) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_header_is_refused_with_one_line(header, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    check_every_reader(path)


def test_what_was_written_is_read(tmp_path):
    save_slices(tmp_path / "a.safetensors", {3: SLICE, 12345: SLICE}, GEOMETRY)
    slices, metadata = load_slices(tmp_path / "a.safetensors")
    assert list(slices) == [3, 12345]
    assert metadata == GEOMETRY


# ---- weights ----------------------------------------------------------------------------------------------------

ARCHITECTURE = {"kind": "srcnn", "options": {"features": [4, 2]}}
WEIGHTS = {"architecture": ARCHITECTURE, "scale": 2, "channels": 1}


@any_json
@given(metadata=changed(WEIGHTS), architecture=changed({**ARCHITECTURE, "shelf": "models"}) | JSON)
@example(metadata=WEIGHTS, architecture={"options": {"features": [4, 2]}})
@example(metadata=WEIGHTS, architecture={"kind": "srcnn", "features": [4, 2]})
@example(metadata=WEIGHTS, architecture={**ARCHITECTURE, "shelf": "losses"})
@example(metadata=WEIGHTS, architecture={"kind": "srcnn", "options": {"features": "many"}})
@example(metadata=WEIGHTS | {"scale": -1}, architecture={"kind": "edsr", "options": {}})
def test_any_metadata_of_weights_are_refused_with_one_line(metadata, architecture, tmp_path):
    save_weights(tmp_path / "a.safetensors", {"a": np.zeros(3)}, metadata)
    assert line(load_model, tmp_path / "a.safetensors")
    save_weights(tmp_path / "a.safetensors", {"a": np.zeros(3)}, metadata | {"architecture": architecture})
    assert line(load_model, tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("srcnn", {"features": [10**9, 10**9]}),
        ("srcnn", {"features": [20_000, 2]}),
        ("edsr", {"features": 10**5}),
        ("edsr", {"blocks": 10**9}),
        ("rrdbnet", {"features": 2**70}),
    ],
)
def test_a_network_far_larger_than_its_file_is_not_built(kind, options, tmp_path):
    metadata = {"architecture": {"kind": kind, "options": options}, "scale": 2, "channels": 1}
    save_weights(tmp_path / "a.safetensors", {"a": np.zeros(3)}, metadata)
    assert "does not fit the architecture" in line(load_model, tmp_path / "a.safetensors")


# ---- checkpoints ------------------------------------------------------------------------------------------------

PACKED = {"epoch": 0, "step": 1, "best_loss": "inf", "scalars": {}, "zero_dimensional": []}
UNFINISHED = {"failures": [[]], "waiting": [], "present": [0], "iteration": 1, "steps": 1}
DESCRIBED = {"slice_ids": ["a/0001"], "status": ["estimated"], "failures": [[]]}


@any_json
@given(metadata=JSON | changed(PACKED | UNFINISHED | DESCRIBED | {"device": "cpu"}))
@example(metadata=[])
@example(metadata=PACKED)
@example(metadata=UNFINISHED)
@example(metadata=DESCRIBED | {"status": "estimated"})
def test_any_metadata_of_a_checkpoint_are_whole_or_it_is_not_there(metadata, tmp_path):
    for schemas in ({"step": Packed, "final": training.Finished}, {"step": Unfinished, "final": Described}):
        store = Checkpoints(tmp_path, **schemas)
        for path in tmp_path.iterdir():
            path.unlink()
        store.save(1, {"losses": np.zeros(1)}, metadata)
        store.save_final({"kernels": np.zeros((1, 3, 3))}, metadata)
        for kind, found in (("step", store.latest()), ("final", store.final())):
            assert found is None or schemas[kind].model_validate(found[1], strict=True)


HISTORIES = [np.zeros(3), np.zeros((1, 6)), np.full((1, 6), np.nan), None]


@settings(any_json, max_examples=20)
@given(metadata=changed(PACKED), history=st.sampled_from(HISTORIES))
@example(metadata=PACKED, history=None)
@example(metadata=PACKED | {"zero_dimensional": ["none"]}, history=np.zeros((0, 6)))
@example(metadata=PACKED | {"best_loss": "."}, history=np.zeros((0, 6)))
@example(metadata=PACKED | {"step": 2**50}, history=np.zeros((0, 6)))
@example(metadata=PACKED | {"scalars": {"optimiser/x/step": 1}}, history=np.zeros((0, 6)))
@example(metadata=PACKED | {"scalars": {"optimiser/99/step": 1}}, history=np.zeros((0, 6)))
def test_a_training_goes_on_or_refuses_any_checkpoint_with_one_line(metadata, history, tmp_path):
    tensors = {"losses": np.zeros(1, np.float32)} | ({} if history is None else {"history": history})
    arguments = problem() | {"checkpoints": tmp_path, "identity": "x"}
    store = Checkpoints(tmp_path / "x")
    for path in (tmp_path / "x").glob("*"):
        path.unlink()
    store.save(1, tensors, metadata)
    check_one_line(lambda: training.train(**arguments))
    for path in (tmp_path / "x").glob("*"):
        path.unlink()
    store.save_final(tensors, {"device": "cpu"})
    check_one_line(lambda: training.train(**arguments))


WHOLE = ((1, 13, 13), (1, 1, 4))


@any_json
@given(metadata=changed(UNFINISHED), shapes=st.sampled_from([WHOLE, ((2, 13, 13), WHOLE[1]), (WHOLE[0], ())]))
@example(metadata=UNFINISHED, shapes=WHOLE)
@example(metadata=UNFINISHED | {"present": [7]}, shapes=WHOLE)
@example(metadata=UNFINISHED | {"failures": []}, shapes=WHOLE)
def test_an_estimation_refuses_the_checkpoint_of_another_with_one_line(metadata, shapes):
    tensors = dict(zip(("kernels", "losses"), (np.zeros(shape, np.float32) for shape in shapes), strict=True))
    keeper = types.SimpleNamespace(latest=lambda: (tensors, metadata), after=lambda *state: None)
    sharp, blurred = (np.random.default_rng(0).random((side, side), np.float32) for side in (64, 32))
    options = {"scale": 2, "seed": 0, "iterations": 1, "device": "cpu"}
    said = line(lambda: kernels.estimate_report("dsgan", [sharp], [blurred], keeper=keeper, **options))
    assert "belongs to another estimation" in said


def test_a_finished_estimation_of_other_slices_is_not_there():
    one = np.zeros((1, 3, 3), np.float32)
    whole: SavedState = ({"kernels": one, "losses/a": one}, DESCRIBED)
    assert _finished(whole, ["a/0001"]).status == ["estimated"]
    assert _finished(whole, ["a/0002"]) is None
    assert _finished(({"kernels": np.zeros((2, 3, 3))}, DESCRIBED), ["a/0001"]) is None
    assert _finished(({}, DESCRIBED), ["a/0001"]) is None
