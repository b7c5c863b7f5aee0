"""Which images a step sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr.errors import InputError
from mrisr.pairs import Pair
from mrisr.training.sampling import Patches, WholeSlices, require_consistent, step_seed
from training_problem import make_pairs

SHAPES = st.lists(st.sampled_from([(12, 16), (16, 12), (14, 14)]), min_size=1, max_size=12)
PLAIN = {"flips": False, "quarter_turns": False}
MOVING = {"flips": True, "quarter_turns": True}


def numbered(scale: int = 1) -> Pair:
    """A slice whose degraded pixels are all different, and whose reference repeats each in a block."""
    degraded = np.arange(12 * 10, dtype=np.float32).reshape(1, 12, 10)
    return Pair("a", 0, degraded, degraded.repeat(scale, axis=1).repeat(scale, axis=2))


@settings(max_examples=25, deadline=None)
@given(shapes=SHAPES, batch=st.integers(1, 5), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_an_epoch_sees_every_slice_once_in_batches_of_one_shape(shapes, batch, seed, epoch):
    pairs = make_pairs(shapes)
    batches = WholeSlices(pairs, batch=batch, **PLAIN, seed=seed)
    seen = [batches.indices(epoch, step) for step in range(batches.steps)]
    assert sorted(index for indices in seen for index in indices) == list(range(len(pairs)))
    assert all(len({shapes[index] for index in indices}) == 1 for indices in seen)
    assert all(len(indices) <= batch for indices in seen)
    assert batches.steps == sum(-(-shapes.count(shape) // batch) for shape in set(shapes))


@settings(max_examples=15, deadline=None)
@given(step=st.integers(0, 30), epoch=st.integers(0, 30), patch=st.sampled_from([None, 8]), eighths=st.booleans())
def test_a_batch_is_a_function_of_seed_epoch_and_step_alone(step, epoch, patch, eighths):
    def sampler(seed):
        pairs, options = make_pairs([(12, 16)] * 5), {"batch": 2, "steps_per_epoch": 31, **MOVING, "seed": seed}
        if patch is None:
            return WholeSlices(pairs, **options)
        return Patches(pairs, scale=1, patch=patch, eighth_turns=eighths, **options)

    used, fresh = sampler(7), sampler(7)
    for earlier in range(3):
        used(0, earlier)
    assert all(np.array_equal(a, b) for a, b in zip(used(epoch, step), fresh(epoch, step), strict=True))
    others = sampler(8)(epoch, step), fresh(epoch + 1, step), fresh(epoch, step + 1)
    assert not all(np.array_equal(other[0], fresh(epoch, step)[0]) for other in others)


def test_epochs_have_different_orders():
    batches = WholeSlices(make_pairs([(12, 12)] * 30), batch=30, **PLAIN, seed=0)
    assert batches.indices(0, 0) != batches.indices(1, 0)


def test_more_steps_than_slices_go_on_with_another_permutation():
    batches = WholeSlices(make_pairs([(12, 12)] * 8), batch=4, steps_per_epoch=4, **PLAIN, seed=0)
    first, second = ([*batches.indices(0, step), *batches.indices(0, step + 1)] for step in (0, 2))
    assert sorted(first) == sorted(second) == list(range(8))
    assert first != second


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_degraded_patch_covers_the_place_of_its_reference(scale):
    batches = Patches([numbered(scale)], scale=scale, batch=8, patch=4 * scale, **MOVING, seed=0)
    for step in range(5):
        degraded, reference = batches(0, step)
        assert degraded.shape == (8, 1, 4, 4)
        np.testing.assert_array_equal(degraded.repeat(scale, axis=2).repeat(scale, axis=3), reference)


@pytest.mark.parametrize("scale", [1, 2])
def test_whole_slices_are_moved_like_their_references(scale):
    batches = WholeSlices([numbered(scale)] * 3, batch=3, **MOVING, seed=0)
    shapes = set()
    for epoch in range(12):
        degraded, reference = batches(epoch, 0)
        np.testing.assert_array_equal(degraded.repeat(scale, axis=2).repeat(scale, axis=3), reference)
        shapes.add(degraded.shape[2:])
    assert shapes == {(12, 10), (10, 12)}


def corners(batches: Patches) -> set[tuple[float, ...]]:
    """The four corners of the slice in the order in which patches of its full size show them."""
    images = np.concatenate([batches(0, step)[0] for step in range(10)])
    return {tuple(image[0, [0, 0, -1, -1], [0, -1, 0, -1]].tolist()) for image in images}


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (PLAIN, 1),
        ({"flips": True, "quarter_turns": False}, 4),
        ({"flips": False, "quarter_turns": True}, 4),
        (MOVING, 8),
    ],
)
def test_flips_and_quarter_turns_give_the_symmetries_of_the_square(options, count):
    square = Pair("a", 0, *(np.arange(36, dtype=np.float32).reshape(1, 6, 6),) * 2)
    assert len(corners(Patches([square], scale=1, batch=16, patch=6, **options, seed=1))) == count


EIGHTHS = {"flips": False, "quarter_turns": True, "eighth_turns": True}


def waves(scale: int) -> Pair:
    """A slice of slow waves and its reference, the same function of place on a finer grid; half the contrast."""

    def image(side: int) -> np.ndarray:
        x = (np.arange(80 * side) + 0.5) / side
        return (0.5 + 0.2 * (np.sin(x[:, None] / 10) + np.cos(x / 8 + 1))).astype(np.float32)[None]

    return Pair("a", 0, image(1), image(scale))


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_patches_that_are_turned_by_45_degrees_stay_aligned(scale):
    """Means over blocks of the reference are the degraded patch but for the curvature of waves within a block."""
    pair = waves(scale)
    batches = Patches([pair], scale=scale, batch=16, patch=12 * scale, **EIGHTHS, seed=0)
    degraded, reference = batches(0, 0)
    means = reference.reshape(16, 1, 12, scale, 12, scale).mean(axis=(3, 5))
    # The curvature adds up to 2e-4; a shift by a hundredth of a pixel along the steepest slope would add 3e-4.
    np.testing.assert_allclose(degraded, means, atol=3e-4)


def test_eighth_and_quarter_turns_give_the_eight_rotations():
    """The direction in which a ramp rises, over patches enough to see all."""
    row, column = np.arange(80)[:, None], np.arange(80)
    ramp = ((2 * row + column) / 240).astype(np.float32)[None]
    images = np.concatenate(
        [Patches([Pair("a", 0, ramp, ramp)], scale=1, batch=32, patch=12, **EIGHTHS, seed=0)(0, s)[0] for s in range(3)]
    )
    slopes = np.diff(images[:, 0], axis=1).mean(axis=(1, 2)), np.diff(images[:, 0], axis=2).mean(axis=(1, 2))
    angles = np.degrees(np.arctan2(*slopes)) - np.degrees(np.arctan2(2, 1))
    eighths, counts = np.unique(np.round(angles / 45).astype(int) % 8, return_counts=True)
    assert eighths.tolist() == list(range(8))
    assert counts.min() > 3
    np.testing.assert_allclose(angles / 45, np.round(angles / 45), atol=1e-3)
    np.testing.assert_allclose(np.hypot(*slopes), np.sqrt(5) / 240, rtol=1e-3)


def test_half_of_the_patches_are_turned_by_odd_multiples_of_45_degrees_and_stay_in_their_range():
    pair = Pair("a", 0, *(np.random.default_rng(0).integers(2, size=(1, 60, 60)).astype(np.float32),) * 2)
    images = Patches([pair], scale=1, batch=400, patch=8, **EIGHTHS, seed=3)(0, 0)[0]
    interpolated = np.any((images != 0) & (images != 1), axis=(1, 2, 3))
    assert 160 < interpolated.sum() < 240
    assert images.dtype == np.float32
    assert (images.min(), images.max()) == (0, 1)


def test_patches_reach_every_position():
    batches = Patches([numbered()], scale=1, batch=64, patch=8, **PLAIN, seed=0)
    starts = {float(image[0, 0, 0]) for step in range(10) for image in batches(0, step)[0]}
    assert starts == {10.0 * top + left for top in range(5) for left in range(3)}


def test_without_a_number_of_steps_an_epoch_draws_as_many_patches_as_slices():
    assert Patches(make_pairs([(12, 12)] * 9), scale=1, batch=4, patch=8, **PLAIN, seed=0).steps == 3


def test_the_augmentation_does_not_change_which_patches_are_drawn():
    plain, moving = (
        Patches([numbered()], scale=1, batch=4, patch=5, **how, seed=2)(1, 1)[0] for how in (PLAIN, MOVING)
    )
    np.testing.assert_array_equal(np.sort(plain.reshape(4, -1)), np.sort(moving.reshape(4, -1)))


def test_the_networks_own_randomness_differs_from_step_to_step():
    seeds = {step_seed(seed, epoch, step) for seed in range(4) for epoch in range(4) for step in range(4)}
    assert len(seeds) == 64
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_patch_that_is_no_multiple_of_the_scale_is_named():
    with pytest.raises(InputError, match=r"training\.patch: 10 is not a multiple of the scale 4"):
        Patches(make_pairs([(12, 12)], scale=4), scale=4, batch=1, patch=10, **PLAIN, seed=0)


def test_the_slice_that_a_patch_does_not_fit_is_named():
    with pytest.raises(InputError, match="subject1, slice 1, 10 x 30"):
        Patches(make_pairs([(20, 20), (10, 30)]), scale=1, batch=1, patch=16, **PLAIN, seed=0)


def test_a_reference_of_the_wrong_size_is_named():
    with pytest.raises(InputError, match="subject0, slice 0: the degraded slice is"):
        require_consistent(make_pairs([(10, 10)], scale=2), 3)
