"""The other formats at real sizes, each from two writers, compared with what was written and an independent reader."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from mrisr.volumes.readers import read_volume

SHAPE = (181, 217, 40)
VALUES = np.random.default_rng(3).integers(-1000, 4000, SHAPE).astype(np.int16)
TURN = np.deg2rad(20)
AFFINE = np.array(
    [
        [0.9 * np.cos(TURN), -1.1 * np.sin(TURN), 0, -70],
        [0.9 * np.sin(TURN), 1.1 * np.cos(TURN), 0, 35],
        [0, 0, 2.5, -12],
        [0, 0, 0, 1],
    ]
)
"""Voxel indices to RAS+ mm."""
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def by_simpleitk(path):
    image = sitk.GetImageFromArray(VALUES.T.copy())
    turned = LPS @ AFFINE
    spacing = np.linalg.norm(turned[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(turned[:3, 3].tolist())
    image.SetDirection((turned[:3, :3] / spacing).ravel().tolist())
    sitk.WriteImage(image, path)


def by_nibabel(path):
    nib.save((nib.MGHImage if ".mg" in path.name else nib.Nifti1Image)(VALUES, AFFINE), path)


def by_hand(path):
    """A header in words and the voxels behind it, x fastest."""
    columns = (LPS @ AFFINE)[:3].T
    if path.suffix == ".nrrd":
        vectors = [f"({','.join(map(repr, column.tolist()))})" for column in columns]
        lines = ["NRRD0005", "type: int16", "dimension: 3", "space: left-posterior-superior", "endian: little"]
        lines += [f"sizes: {' '.join(map(str, SHAPE))}", f"space directions: {' '.join(vectors[:3])}"]
        lines += ["kinds: domain domain domain", "encoding: raw", f"space origin: {vectors[3]}", "", ""]
    else:
        spacing = np.linalg.norm(columns[:3], axis=1)
        directions = (columns[:3] / spacing[:, None]).ravel().tolist()
        lines = ["ObjectType = Image", "NDims = 3", "BinaryData = True", "BinaryDataByteOrderMSB = False"]
        lines += [f"TransformMatrix = {' '.join(map(repr, directions))}"]
        lines += [f"Offset = {' '.join(map(repr, columns[3].tolist()))}"]
        lines += [f"ElementSpacing = {' '.join(map(repr, spacing.tolist()))}", f"DimSize = {' '.join(map(str, SHAPE))}"]
        lines += ["ElementType = MET_SHORT", "ElementDataFile = LOCAL", ""]
    path.write_bytes("\n".join(lines).encode() + VALUES.astype("<i2").tobytes("F"))


WRITERS = [
    (by_nibabel, "a.nii"),
    (by_nibabel, "a.nii.gz"),
    (by_nibabel, "a.mgz"),
    (by_simpleitk, "a.nii"),
    (by_simpleitk, "a.nii.gz"),
    (by_simpleitk, "a.nrrd"),
    (by_simpleitk, "a.mha"),
    (by_hand, "a.nrrd"),
    (by_hand, "a.mha"),
]


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_a_volume_of_real_size_is_what_was_written(tmp_path, write, name):
    write(tmp_path / name)
    volume = read_volume(tmp_path / name)
    np.testing.assert_array_equal(volume.array, VALUES)
    np.testing.assert_allclose(volume.affine, AFFINE, atol=1e-4)
    np.testing.assert_allclose(volume.spacing, [0.9, 1.1, 2.5], atol=1e-5)


@pytest.mark.parametrize(("write", "name"), [entry for entry in WRITERS if not entry[1].endswith("mgz")])
def test_another_reader_finds_the_same_voxel_in_the_same_place(tmp_path, write, name):
    write(tmp_path / name)
    volume = read_volume(tmp_path / name)
    if write is by_simpleitk and ".nii" in name:
        other = nib.load(tmp_path / name)
        np.testing.assert_array_equal(volume.array, other.get_fdata())
        np.testing.assert_allclose(volume.affine, other.affine, atol=1e-6)
    else:
        other = sitk.ReadImage(tmp_path / name)
        for index in ((0, 0, 0), (180, 3, 7), (20, 216, 39)):
            assert volume.array[index] == other[index]
            place = LPS @ [*other.TransformIndexToPhysicalPoint(index), 1]
            np.testing.assert_allclose(volume.affine @ [*index, 1], place, atol=1e-3)
