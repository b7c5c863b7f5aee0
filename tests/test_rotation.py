"""Turning patches by 45 degrees: about the centre, without a shift between the two grids, without padding."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr.training.rotation import positions, reach, turned, turned_patch

SIDE = 24


def distances(side: int, scale: int) -> np.ndarray:
    """Distances of a patch's pixel centres from its centre; side and distances in pixels of the degraded grid."""
    n = side * scale
    return (np.arange(n) - (n - 1) / 2) / scale


def region(function, scale: int = 1) -> np.ndarray:
    """A function of (row, column) from the centre, sampled on a patch and everything around it that a turn reads."""
    line = distances(SIDE + 2 * reach(SIDE), scale)
    return function(line[:, None], line)[None]


def eighths(image: np.ndarray, scale: int, number: int) -> np.ndarray:
    """The central patch, turned by a number of eighths."""
    side, quarters = SIDE * scale, np.rot90(image, number // 2, axes=(1, 2))
    margin = (image.shape[1] - side) // 2
    return turned(quarters, side) if number % 2 else quarters[:, margin:-margin, margin:-margin]


def blob(row, column):
    return np.exp(-((row - 2.3) ** 2 + (column + 3.4) ** 2) / (2 * 2.0**2))


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("number", range(8))
def test_a_blob_lands_at_the_same_place_on_both_grids(number, scale):
    """Its centre of mass, in pixels of the degraded grid, against the rotated one: 0.02 pixel is the limit."""
    angle = number * np.pi / 4
    expected = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ [2.3, -3.4]
    for factor in {1, scale}:
        image = eighths(region(blob, factor), factor, number)[0].astype(np.float64)
        line = distances(SIDE, factor)
        found = [np.sum(image * line[:, None]) / image.sum(), np.sum(image * line) / image.sum()]
        np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("direction", [(1, 0), (0, 1), (0.6, -0.8)])
def test_a_ramp_turns_into_the_ramp_of_the_turned_direction(scale, direction):
    """Its values are positions: a hundredth of a pixel off would show."""
    row, column = direction
    image = eighths(region(lambda r, c: row * r + column * c, scale), scale, 1)[0]
    line = distances(SIDE, scale)
    expected = (row * (line[:, None] + line) + column * (line - line[:, None])) * np.sqrt(0.5)
    np.testing.assert_allclose(image, expected, atol=1e-3)


def test_a_quarter_turn_goes_the_same_way_as_two_eighths():
    """One eighth of a blob that was moved to its middle place is rot90's direction, not the other one."""
    image = region(blob)
    half = np.rot90(image, 1, axes=(1, 2))
    angle = np.pi / 4
    place = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ [2.3, -3.4]
    between = region(lambda r, c: np.exp(-((r - place[0]) ** 2 + (c - place[1]) ** 2) / 8))
    np.testing.assert_allclose(eighths(image, 1, 1), eighths(between, 1, 0), atol=5e-3)
    np.testing.assert_allclose(eighths(between, 1, 1), eighths(half, 1, 0), atol=5e-3)


@pytest.mark.parametrize("side", [1, 2, 12, 47, 48, 96])
def test_what_lies_beyond_the_reach_does_not_matter(side):
    """Another surrounding of the region changes no pixel by a thousandth, so that no padding can be seen."""
    draw, margin = np.random.default_rng(side), reach(side)
    wide = draw.random((1, side + 2 * margin + 40, side + 2 * margin + 40))
    cut = wide[:, 20:-20, 20:-20]
    np.testing.assert_allclose(turned(cut, side), turned(wide, side), atol=1e-3)


def test_a_turned_patch_keeps_fine_detail():
    """A wave of 4 pixels' length: between two pixels a cubic spline has 0.972 of it, cubic convolution only 0.884."""
    image = eighths(region(lambda r, c: np.cos(np.pi / 2 * r) + 0 * c), 1, 1)[0]
    line = distances(SIDE, 1)
    expected = np.cos(np.pi / 2 * (line[:, None] + line) * np.sqrt(0.5))
    np.testing.assert_allclose(image, expected, atol=1 - 0.972 + 1e-3)


def test_channels_are_turned_alike():
    image = region(blob)
    both = turned(np.concatenate([image, 2 * image]), SIDE)
    assert both.dtype == np.float32
    np.testing.assert_allclose(both[1], 2 * both[0], rtol=1e-6)


@pytest.mark.parametrize(("length", "side"), [(200, 24), (54, 24), (53, 24), (30, 24), (24, 24), (25, 24)])
def test_patches_are_turned_as_far_inside_as_the_slice_allows(length, side):
    first, last = positions(length, side)
    assert first + last == length - side
    assert 0 <= first <= last
    assert first == reach(side) or last - first <= 1


def test_a_patch_inside_a_slice_is_turned_as_its_region():
    image = np.random.default_rng(0).random((2, 90, 80), dtype=np.float32)
    margin = reach(SIDE)
    cut = image[:, 20 - margin : 20 + SIDE + margin, 25 - margin : 25 + SIDE + margin]
    np.testing.assert_array_equal(turned_patch(image, 20, 25, SIDE), turned(cut, SIDE).clip(0, 1))


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_slice_that_is_too_small_goes_on_as_its_mirror_image(scale):
    """On both grids alike: a ramp that is mirrored at the border stays aligned there."""
    line = (np.arange(30 * scale) + 0.5) / (30 * scale)
    ramp = np.broadcast_to(line, (1, 30 * scale, 30 * scale))
    mirrored = np.pad(ramp, ((0, 0), (30 * scale, 30 * scale), (30 * scale, 30 * scale)), mode="symmetric")
    found = turned_patch(ramp, 3 * scale, 3 * scale, 24 * scale)
    np.testing.assert_allclose(found, turned_patch(mirrored, 33 * scale, 33 * scale, 24 * scale), atol=1e-6)
