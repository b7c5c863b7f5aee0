"""Combine: which member degrades which slice."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr import degradations
from mrisr.errors import InputError
from mrisr.imaging.mixture import assign

MEMBERS = ["gaussian", "hanning", "hamming", "bicubic", "mean", "median"]
IDS = [f"{subject}/{index:04d}" for subject in ("ann", "bob", "cyd") for index in range(20, 35)]

slice_ids = st.lists(st.text(max_size=8), unique=True, max_size=40)
members = st.lists(st.sampled_from(MEMBERS), unique=True, min_size=1)


def stack(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 1, 12, 16), dtype=np.float32)


def used(image: np.ndarray, degraded: np.ndarray, grid: str = "same") -> str:
    """Name of the member that degraded the image."""
    (name,) = [
        name for name in MEMBERS if np.array_equal(degradations.build(name, scale=2, grid=grid)(image), degraded)
    ]
    return name


@given(ids=slice_ids, members=members, seed=st.integers(0, 2**64))
@settings(max_examples=40, deadline=None)
def test_members_get_equal_numbers_of_slices(ids, members, seed):
    counts = {member: assign(ids, members, seed=seed).count(member) for member in members}
    assert sum(counts.values()) == len(ids)
    assert max(counts.values()) - min(counts.values()) <= 1


@given(ids=slice_ids, members=members, seed=st.integers(0, 2**64), random=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_slices_has_no_influence(ids, members, seed, random):
    shuffled = random.sample(ids, len(ids))
    assert dict(zip(ids, assign(ids, members, seed=seed), strict=True)) == dict(
        zip(shuffled, assign(shuffled, members, seed=seed), strict=True)
    )


def test_the_assignment_is_the_same_on_every_machine():
    chosen = assign(["ann/0001", "ann/0002", "bob/0001", "bob/0002"], ["gaussian", "mean", "median"], seed=3)
    assert chosen == ["mean", "mean", "median", "gaussian"]


def test_the_seed_changes_the_assignment():
    assert assign(IDS, MEMBERS, seed=0) != assign(IDS, MEMBERS, seed=1)


def test_every_subject_meets_several_members():
    chosen = dict(zip(IDS, assign(IDS, MEMBERS), strict=True))
    for subject in ("ann", "bob", "cyd"):
        assert len({member for name, member in chosen.items() if name.startswith(subject)}) >= 4


def test_slices_degraded_one_at_a_time_meet_several_members():
    assert {assign([name], MEMBERS)[0] for name in IDS} == set(MEMBERS)


@pytest.mark.parametrize("grid", ["same", "low"])
def test_combine_degrades_each_image_by_one_member_and_all_equally_often(grid):
    images = stack(14)
    degraded = degradations.build("combine", scale=2, grid=grid, members=MEMBERS)(images)
    counts = Counter(used(image, result, grid) for image, result in zip(images, degraded, strict=True))
    assert sorted(counts.values()) == [2, 2, 2, 2, 3, 3]


def test_combine_follows_the_slice_ids():
    images, ids = stack(12), IDS[:12]
    combine = degradations.build("combine", scale=2, grid="same", members=MEMBERS, seed=5)
    degraded = combine(images, slice_ids=ids)
    assert [used(image, result) for image, result in zip(images, degraded, strict=True)] == assign(ids, MEMBERS, seed=5)
    np.testing.assert_array_equal(combine(images[::-1], slice_ids=ids[::-1]), degraded[::-1])
    np.testing.assert_array_equal(combine(images), combine(images, slice_ids=range(12)))


def test_a_single_image_works_at_every_rank():
    combine = degradations.build("combine", scale=2, grid="same", members=MEMBERS)
    one = stack(1)
    np.testing.assert_array_equal(combine(one[0]), combine(one)[0])
    np.testing.assert_array_equal(combine(one[0, 0]), combine(one)[0, 0])
    np.testing.assert_array_equal(
        combine(one[0, 0], slice_ids=["ann/0003"]), combine(one, slice_ids=["ann/0003"])[0, 0]
    )


def test_members_may_have_options_of_their_own():
    wide = {"kind": "gaussian", "options": {"sigma": 3.0}}
    image = stack(1)
    combine = degradations.build("combine", scale=2, grid="same", members=[wide])
    expected = degradations.build("gaussian", scale=2, grid="same", sigma=3.0)(image)
    np.testing.assert_array_equal(combine(image), expected)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"members": []}, "at least one member"),
        ({"members": "mean"}, "must be a list"),
        ({"members": ["meen"]}, "did you mean 'mean'"),
        ({"members": [{"sigma": 1.0}]}, "neither a name nor a mapping"),
        ({"members": [{"kind": "gaussian", "sigma": 1.0}]}, "neither a name nor a mapping"),
        ({"members": [{"kind": "gaussian", "options": {"sigm": 1.0}}]}, "did you mean 'sigma'"),
        ({"members": ["mean"], "seed": -1}, "seed of a mixture"),
    ],
)
def test_a_bad_mixture_is_one_clear_line(options, line):
    with pytest.raises(InputError, match=line):
        degradations.build("combine", scale=2, grid="same", **options)


def test_each_image_needs_its_own_slice_id():
    combine = degradations.build("combine", scale=2, grid="same", members=MEMBERS)
    with pytest.raises(InputError, match="2 slice ids for 3 images"):
        combine(stack(3), slice_ids=["a", "b"])
    with pytest.raises(InputError, match="'a' is listed more than once"):
        combine(stack(3), slice_ids=["a", "b", "a"])
