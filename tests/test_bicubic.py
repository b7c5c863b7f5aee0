"""Bicubic against torch, PIL and MATLAB's definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from mrisr import degradations
from mrisr.errors import InputError
from mrisr.imaging.resampling import resample, resampling_matrix
from PIL import Image

IMAGE = np.random.default_rng(1).random((48, 72), dtype=np.float32)


def torch_bicubic(image: np.ndarray, shape: tuple[int, int], *, antialias: bool) -> np.ndarray:
    tensor = torch.from_numpy(image.astype(np.float64))[None, None]
    return torch.nn.functional.interpolate(
        tensor, size=shape, mode="bicubic", align_corners=False, antialias=antialias
    )[0, 0].numpy()


def matlab_imresize_axis(signal: np.ndarray, n_out: int) -> np.ndarray:
    """MATLAB's ``imresize(..., 'bicubic')`` along one axis, pixel by pixel, with MATLAB's one-based indices."""
    n_in = len(signal)
    scale = n_out / n_in
    width = 4 / scale if scale < 1 else 4
    out = np.zeros(n_out)
    for j in range(1, n_out + 1):
        u = j / scale + 0.5 * (1 - 1 / scale)
        left = math.floor(u - width / 2)
        total = value = 0.0
        for p in range(left, left + math.ceil(width) + 2):
            x = abs(u - p) * min(scale, 1)
            if x <= 1:
                weight = 1.5 * x**3 - 2.5 * x**2 + 1
            elif x <= 2:
                weight = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
            else:
                weight = 0.0
            mirrored = [*range(1, n_in + 1), *range(n_in, 0, -1)][(p - 1) % (2 * n_in)]
            total, value = total + weight, value + weight * signal[mirrored - 1]
        out[j - 1] = value / total
    return out


def matlab_imresize(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    rows = np.apply_along_axis(matlab_imresize_axis, 0, image.astype(np.float64), shape[0])
    return np.apply_along_axis(matlab_imresize_axis, 1, rows, shape[1])


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_without_antialiasing_it_is_torch_down_and_up(scale):
    options = {"a": -0.75, "antialias": False}
    low = torch_bicubic(IMAGE, (48 // scale, 72 // scale), antialias=False)
    np.testing.assert_allclose(degradations.build("bicubic", scale=scale, grid="low", **options)(IMAGE), low, atol=1e-6)
    same = degradations.build("bicubic", scale=scale, grid="same", **options)(IMAGE)
    np.testing.assert_allclose(same, torch_bicubic(low, (48, 72), antialias=False), atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_by_default_it_is_matlab_down_and_up_border_included(scale):
    low = matlab_imresize(IMAGE, (48 // scale, 72 // scale))
    np.testing.assert_allclose(degradations.build("bicubic", scale=scale, grid="low")(IMAGE), low, atol=1e-6)
    same = degradations.build("bicubic", scale=scale, grid="same")(IMAGE)
    np.testing.assert_allclose(same, matlab_imresize(low, (48, 72)), atol=1e-6)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_by_default_it_is_torch_and_pil_with_antialiasing_away_from_the_border(scale):
    shape = (48 // scale, 72 // scale)
    low = degradations.build("bicubic", scale=scale, grid="low")(IMAGE)
    pil = np.asarray(Image.fromarray(IMAGE).resize(shape[::-1], Image.Resampling.BICUBIC))
    inside = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(low[inside], torch_bicubic(IMAGE, shape, antialias=True)[inside], atol=1e-6)
    np.testing.assert_allclose(low[inside], pil[inside], atol=1e-6)


def test_scale_1_is_the_identity():
    np.testing.assert_array_equal(degradations.build("bicubic", scale=1, grid="same")(IMAGE), IMAGE)


def test_the_same_grid_needs_whole_blocks_too():
    with pytest.raises(InputError, match="crop to 48 x 69"):
        degradations.build("bicubic", scale=3, grid="same")(IMAGE[:, :70])


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("border", [None, "symmetric", "replicate"])
@pytest.mark.parametrize(("n_in", "n_out"), [(12, 4), (12, 5), (5, 12), (12, 12), (3, 1), (1, 3)])
def test_weights_sum_to_one_and_mirror(n_in, n_out, antialias, border):
    matrix = resampling_matrix(n_in, n_out, antialias=antialias, border=border)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=1e-12)


@pytest.mark.parametrize(("antialias", "border"), [(True, "symmetric"), (False, "replicate")])
def test_the_border_follows_the_convention_unless_it_is_named(antialias, border):
    default = resampling_matrix(24, 6, antialias=antialias)
    np.testing.assert_array_equal(default, resampling_matrix(24, 6, antialias=antialias, border=border))
    other = {"symmetric": "replicate", "replicate": "symmetric"}[border]
    differs = np.abs(default - resampling_matrix(24, 6, antialias=antialias, border=other)).max() > 1e-3
    assert differs == antialias  # four taps reach one pixel beyond the edge, where both borders are the edge pixel


def test_enlarging_keeps_a_quadratic():
    x = (np.arange(20) + 0.5) / 20
    fine = (np.arange(60) + 0.5) / 60
    enlarged = resample(np.outer(x**2, x), (60, 60))
    np.testing.assert_allclose(enlarged[6:-6, 6:-6], np.outer(fine**2, fine)[6:-6, 6:-6], atol=1e-12)
