"""The stage `degrade`, from slices file to slices file."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import degradations
from mrisr.arrays import load_slices, save_slices
from mrisr.errors import InputError
from mrisr.imaging.degrading import degrade_slices

AFFINE = np.array([[0.0, 0.9, 0.1, -40], [-0.8, 0.0, 0.2, 30], [0.1, 0.0, 2.0, -7], [0, 0, 0, 1]])
METADATA = {
    "subject": "ann",
    "affine": AFFINE.tolist(),
    "spacing": [0.8, 0.9, 2.0],
    "axis": 2,
    "intensity": {"low": 0.0, "high": 1200.0},
    "identity": "of the slices",
}


@pytest.fixture
def slices(tmp_path):
    random = np.random.default_rng(0)
    images = {index: random.random((1, 24, 36), dtype=np.float32) for index in (7, 9, 12)}
    images[10] = np.broadcast_to(np.arange(12) >= 6, (3, 12, 12)).astype(np.float32)
    save_slices(tmp_path / "slices.safetensors", images, METADATA)
    return tmp_path / "slices.safetensors", images


def degrade(path, **changes):
    settings = {"degradation": {"kind": "gaussian", "options": {"sigma": 1.5}}, "scale": 2, "grid": "same"}
    settings |= changes
    output = path.parent / "degraded.safetensors"
    operator = degradations.from_description(settings["degradation"], scale=settings["scale"], grid=settings["grid"])
    degrade_slices(path, output, operator=operator, **settings, identity="of the degraded")
    return load_slices(output)


def test_every_slice_is_degraded_under_its_own_index(slices):
    path, images = slices
    degraded, _ = degrade(path)
    operator = degradations.build("gaussian", scale=2, grid="same", sigma=1.5)
    assert list(degraded) == sorted(images)
    for index, image in images.items():
        np.testing.assert_array_equal(degraded[index], np.clip(operator(image), 0, 1))


@pytest.mark.parametrize("grid", ["same", "low"])
def test_values_are_clipped(slices, grid):
    path, images = slices
    overshooting = degradations.build("bicubic", scale=2, grid=grid)(images[10])
    assert overshooting.min() < 0
    assert overshooting.max() > 1
    degraded, _ = degrade(path, degradation={"kind": "bicubic"}, grid=grid)
    for image in degraded.values():
        assert image.min() >= 0
        assert image.max() <= 1


def test_the_metadata_says_where_the_slices_come_from(slices):
    _, metadata = degrade(slices[0])
    made = {
        "degradation": {"kind": "gaussian", "options": {"sigma": 1.5}},
        "scale": 2,
        "grid": "same",
        "identity": "of the degraded",
    }
    assert metadata == METADATA | made


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("scale", [2, 3])
def test_on_the_low_grid_a_pixel_lies_at_the_centre_of_its_block(tmp_path, axis, scale):
    save_slices(tmp_path / "s.safetensors", {4: np.zeros((1, 12, 18), np.float32)}, METADATA | {"axis": axis})
    _, metadata = degrade(tmp_path / "s.safetensors", grid="low", scale=scale)
    in_plane = [other for other in range(3) if other != axis]
    voxel = np.array([5.0, 5.0, 5.0, 1.0])
    block = voxel.copy()
    block[in_plane] = 5 * scale + (scale - 1) / 2
    np.testing.assert_allclose(np.array(metadata["affine"]) @ voxel, AFFINE @ block)
    factor = [1 if other == axis else scale for other in range(3)]
    np.testing.assert_allclose(metadata["spacing"], np.multiply(METADATA["spacing"], factor))


def test_the_same_inputs_make_the_same_bytes(slices):
    path, _ = slices
    degrade(path)
    first = (path.parent / "degraded.safetensors").read_bytes()
    degrade(path)
    assert (path.parent / "degraded.safetensors").read_bytes() == first


def test_an_error_names_the_file_and_leaves_no_output(slices):
    path, _ = slices
    with pytest.raises(InputError, match=r"slices\.safetensors: images of 24 x 36 are not whole 9-by-9 blocks"):
        degrade(path, grid="low", scale=9)
    assert [file.name for file in path.parent.iterdir()] == ["slices.safetensors"]
