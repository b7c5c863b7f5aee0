"""Pairs of slices that are read from disk when they are needed."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr.arrays import Cache, save_slices, stored_slices
from mrisr.errors import InputError
from mrisr.pairs import Pair, read_pairs
from mrisr.training.train import train
from training_problem import make_pairs, problem

METADATA = {"subject": "ann"}


def write(folder, pairs):
    """Slices files of the pairs' subjects, as `read_pairs` takes them."""
    references, degraded = {}, {}
    for subject in dict.fromkeys(pair.subject for pair in pairs):
        mine = [pair for pair in pairs if pair.subject == subject]
        references[subject] = folder / f"{subject}.safetensors"
        degraded[subject] = folder / f"{subject}-degraded.safetensors"
        save_slices(references[subject], {pair.index: pair.reference for pair in mine}, METADATA)
        save_slices(degraded[subject], {pair.index: pair.degraded for pair in mine}, METADATA)
    return {"references": references, "degraded": {"mean": degraded}, "seed": 0}


def test_a_pair_gives_what_was_written_and_knows_its_shape_before_it_is_read(tmp_path):
    pairs = make_pairs([(12, 16), (16, 12), (14, 14)])
    files = write(tmp_path, pairs)
    read = {(pair.subject, pair.index): pair for pair in read_pairs(**files)}
    for pair in pairs:
        stored = read[pair.subject, pair.index]
        assert (stored.degraded.shape, stored.reference.shape) == (pair.degraded.shape, pair.reference.shape)
        np.testing.assert_array_equal(stored.degraded, pair.degraded)
        np.testing.assert_array_equal(stored.loaded().reference, pair.reference)


@pytest.mark.parametrize("room", [0, 1, 3, 100])
def test_no_more_is_kept_in_memory_than_the_limit(tmp_path, room):
    images = {index: np.full((1, 8, 8), index, np.float32) for index in range(10)}
    save_slices(tmp_path / "slices.safetensors", images, METADATA)
    cache = Cache(room * images[0].nbytes)
    slices = stored_slices(tmp_path / "slices.safetensors", cache)
    for _ in range(2):
        for index, stored in slices.items():
            np.testing.assert_array_equal(stored, images[index])
    assert cache.used == min(room, 10) * images[0].nbytes


def test_slices_that_are_kept_are_not_read_again_and_the_others_are(tmp_path):
    path = tmp_path / "slices.safetensors"
    save_slices(path, {index: np.full((1, 8, 8), index, np.float32) for index in range(2)}, METADATA)
    slices = stored_slices(path, Cache(8 * 8 * 4))
    first = np.asarray(slices[0])
    path.unlink()
    np.testing.assert_array_equal(slices[0], first)
    with pytest.raises(InputError, match="cannot be read"):
        np.asarray(slices[1])


def test_a_slice_is_read_without_the_list_of_all_slices_and_a_shortened_file_is_named(tmp_path, monkeypatch):
    images = {index: np.random.default_rng(index).random((1, 9, 7), dtype=np.float32) for index in (3, 0, 12)}
    path = tmp_path / "slices.safetensors"
    save_slices(path, images, METADATA)
    slices = stored_slices(path, Cache(0))
    monkeypatch.setattr("safetensors.safe_open", None)
    for index, stored in slices.items():
        np.testing.assert_array_equal(stored, images[index])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"slices\.safetensors: slice/0012 cannot be read"):
        np.asarray(slices[12])


def test_the_cache_does_not_change_a_training(tmp_path):
    files = write(tmp_path, make_pairs([(16, 16)] * 6))
    states = [
        train(**(problem() | {"pairs": read_pairs(**files, cache=Cache(limit))})).state for limit in (0, 2500, 2**20)
    ]
    for name, array in states[0].items():
        assert all(state[name].tobytes() == array.tobytes() for state in states[1:]), name


def test_a_slice_that_is_missing_is_named(tmp_path):
    files = write(tmp_path, make_pairs([(12, 16), (16, 12)]))
    path = files["degraded"]["mean"]["subject1"]
    save_slices(path, {77: np.zeros((1, 16, 12), np.float32)}, METADATA)
    with pytest.raises(InputError, match=r"subject1-degraded.safetensors: slice 1 is missing"):
        read_pairs(**files)


def test_pairs_in_memory_are_taken_as_they_are():
    pair = Pair("ann", 0, np.zeros((1, 2, 2), np.float32), np.ones((1, 4, 4), np.float32))
    assert pair.loaded().reference is pair.reference
