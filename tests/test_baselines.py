"""Baselines: the estimates without training for the two grids."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mrisr import baselines, degradations, plugins
from mrisr.errors import InputError

NAMES = baselines.available()
SCALES = {"input": [1]}
IMAGES = np.random.default_rng(0).random((4, 2, 20, 24), dtype=np.float32)


def cases() -> list[tuple[str, int]]:
    return [(name, scale) for name in NAMES for scale in SCALES.get(name, [1, 2, 3, 4])]


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_says_under_which_protocol_it_is_the_floor(name):
    assert set(plugins.describe("baselines", name).constants["GRIDS"]) <= {"same", "low"}


@pytest.mark.parametrize("grid", ["same", "low"])
def test_each_protocol_has_a_floor(grid):
    assert any(grid in plugins.describe("baselines", name).constants["GRIDS"] for name in NAMES)


@pytest.mark.parametrize(("name", "scale"), cases())
@pytest.mark.parametrize("images", [IMAGES[0, 0], IMAGES[0], IMAGES])
def test_rank_stays_and_the_axes_grow_by_the_scale(name, scale, images):
    estimate = baselines.build(name, scale=scale)(images)
    assert estimate.shape == (*images.shape[:-2], 20 * scale, 24 * scale)
    assert estimate.dtype == np.float32


@pytest.mark.parametrize(("name", "scale"), cases())
def test_a_stack_is_estimated_as_its_images_one_by_one(name, scale):
    baseline = baselines.build(name, scale=scale)
    alone = [[baseline(channel) for channel in image] for image in IMAGES]
    np.testing.assert_array_equal(baseline(IMAGES), alone)


@pytest.mark.parametrize("name", NAMES)
def test_at_scale_1_the_input_is_returned_and_not_shared(name):
    estimate = baselines.build(name, scale=1)(IMAGES)
    np.testing.assert_array_equal(estimate, IMAGES)
    assert not np.shares_memory(estimate, IMAGES)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_is_the_way_up_of_the_bicubic_degradation(scale):
    image = IMAGES[0, 0].repeat(scale, 0).repeat(scale, 1) * np.linspace(0, 1, 24 * scale, dtype=np.float32)
    low = degradations.build("bicubic", scale=scale, grid="low")(image)
    there_and_back = degradations.build("bicubic", scale=scale, grid="same")(image)
    np.testing.assert_allclose(baselines.build("bicubic", scale=scale)(low), there_and_back, atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_is_torchs_away_from_the_border(scale):
    tensor = torch.from_numpy(IMAGES.astype(np.float64))
    size = (20 * scale, 24 * scale)
    inside = np.s_[..., 2 * scale : -2 * scale, 2 * scale : -2 * scale]
    for a, antialias in ((-0.75, False), (-0.5, True)):
        expected = torch.nn.functional.interpolate(tensor, size=size, mode="bicubic", antialias=antialias).numpy()
        estimate = baselines.build("bicubic", scale=scale, a=a)(IMAGES)
        np.testing.assert_allclose(estimate[inside], expected[inside], atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_keeps_a_ramp_in_place(scale):
    ramp = np.arange(24, dtype=np.float32) / 24
    fine = ((np.arange(24 * scale) + 0.5) / scale - 0.5) / 24
    estimate = baselines.build("bicubic", scale=scale)(np.tile(ramp, (20, 1)))
    inside = slice(2 * scale, -2 * scale)
    np.testing.assert_allclose(estimate[:, inside], np.tile(fine, (20 * scale, 1))[:, inside], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: baselines.build("bicubik", scale=2), "did you mean 'bicubic'"),
        (lambda: baselines.build("input", scale=2), "'input' has no scale 2"),
        (lambda: baselines.build("bicubic", scale=0), "scale must be an integer"),
        (lambda: baselines.build("bicubic", scale=2, a=1.0), "a must be between"),
        (lambda: baselines.build("bicubic", scale=2)(np.zeros((4, 4), int)), "floating point"),
        (lambda: baselines.build("input", scale=1)(np.zeros(4, np.float32)), "must be .H, W."),
    ],
)
def test_a_bad_request_is_one_clear_line(call, line):
    with pytest.raises(InputError, match=line):
        call()
