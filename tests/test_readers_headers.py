"""Headers that say more than shape and affine: units, two affines, lists of volumes, files beside the header."""

from __future__ import annotations

import os

import nibabel as nib
import numpy as np
import pytest
from mrisr.errors import InputError
from mrisr.volumes.files import volume_files
from mrisr.volumes.readers import read_volume

SHAPE = (64, 48, 40)
VALUES = np.random.default_rng(5).integers(0, 4000, SHAPE).astype(np.int16)


def problem(path, **options):
    with pytest.raises(InputError) as caught:
        read_volume(path, **options)
    (line,) = caught.value.problems
    return line


@pytest.mark.parametrize(("unit", "length"), [("micron", 25.0), ("meter", 25e-6), ("mm", 0.025), ("unknown", 0.025)])
def test_lengths_are_mm_whatever_the_unit_in_a_nifti_header(tmp_path, unit, length):
    image = nib.Nifti1Image(VALUES, np.diag([length, length, 2 * length, 1]))
    image.header.set_xyzt_units(unit)
    nib.save(image, tmp_path / "a.nii.gz")
    volume = read_volume(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(volume.spacing, [0.025, 0.025, 0.05], rtol=1e-6)
    assert bool(volume.notes) == (unit in ("micron", "meter"))


def test_two_affines_that_disagree_are_noted(tmp_path):
    image = nib.Nifti1Image(VALUES, np.diag([1, 1, 2, 1]))
    image.set_qform(np.diag([2, 2, 3, 1]), 1)
    nib.save(image, tmp_path / "a.nii")
    assert "qform and sform disagree by up to 8" in read_volume(tmp_path / "a.nii").notes[0]
    image.set_qform(image.affine, 1)
    nib.save(image, tmp_path / "b.nii")
    assert not read_volume(tmp_path / "b.nii").notes


@pytest.mark.parametrize("offset", [1e7, 1e9, -1e8])
def test_values_that_float32_cannot_tell_apart_are_refused(tmp_path, offset):
    nib.save(nib.Nifti1Image(VALUES / 100 + offset, np.eye(4)), tmp_path / "a.nii.gz")
    assert "subtract a constant" in problem(tmp_path / "a.nii.gz")


def test_whole_numbers_far_from_0_are_read(tmp_path):
    labels = (VALUES % 3 + 30_000).astype(np.int32)
    nib.save(nib.Nifti1Image(labels, np.eye(4)), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").array, labels)


def test_values_beyond_float32_are_not_called_infinite(tmp_path):
    nib.save(nib.Nifti1Image(VALUES * 1e36, np.eye(4)), tmp_path / "a.nii.gz")
    assert "beyond 3.4e+38" in problem(tmp_path / "a.nii.gz", nonfinite="zero")


def nrrd(path, values, *lines):
    told = ["NRRD0005", "type: short", f"dimension: {values.ndim}", f"sizes: {' '.join(map(str, values.shape))}"]
    told += ["endian: little", "encoding: raw", "space: right-anterior-superior", *lines]
    path.write_bytes("\n".join([*told, "", ""]).encode() + values.astype("<i2").tobytes("F"))


def test_lengths_are_mm_whatever_the_unit_in_a_nrrd_header(tmp_path):
    nrrd(tmp_path / "a.nrrd", VALUES, "space directions: (25,0,0) (0,25,0) (0,0,50)", 'space units: "um" "um" "um"')
    np.testing.assert_allclose(read_volume(tmp_path / "a.nrrd").spacing, [0.025, 0.025, 0.05])


@pytest.mark.parametrize(("axis", "kind"), [(0, "list"), (3, "list"), (0, "RGB-color")])
def test_three_volumes_of_a_nrrd_file_are_no_colours(tmp_path, axis, kind):
    several = np.stack([VALUES, VALUES + 5, VALUES + 9], axis)
    directions, kinds = ["(1,0,0)", "(0,1,0)", "(0,0,1)"], ["domain"] * 3
    directions.insert(axis, "none")
    kinds.insert(axis, kind)
    nrrd(tmp_path / "a.nrrd", several, f"space directions: {' '.join(directions)}", f"kinds: {' '.join(kinds)}")
    if kind == "list":
        assert "holds 3 volumes" in problem(tmp_path / "a.nrrd")
        volume = read_volume(tmp_path / "a.nrrd", volume_4d=1)
        np.testing.assert_array_equal(volume.array, VALUES + 5)
        assert volume.notes == ("volume 1 of 3 taken",)
    else:
        np.testing.assert_array_equal(read_volume(tmp_path / "a.nrrd").array, np.moveaxis(several, 0, -1))


@pytest.mark.parametrize("fifo", [False, True])
def test_a_data_file_that_is_missing_or_never_ends_is_named(tmp_path, fifo):
    lines = ["ObjectType = Image", "NDims = 3", f"DimSize = {' '.join(map(str, SHAPE))}", "ElementType = MET_SHORT"]
    (tmp_path / "a.mhd").write_text("\n".join([*lines, "ElementDataFile = voxels.raw", ""]))
    if fifo:
        os.mkfifo(tmp_path / "voxels.raw")
    assert "its data file voxels.raw is missing or no plain file" in problem(tmp_path / "a.mhd")


def test_the_affine_that_spm_keeps_beside_its_files_is_one_of_them(tmp_path):
    affine = np.diag([-1, 1, 2, 1]) + np.eye(4, k=3) * 7
    nib.save(nib.Spm99AnalyzeImage(VALUES, affine), tmp_path / "a.img")
    np.testing.assert_allclose(read_volume(tmp_path / "a.img").affine, affine)
    assert {file.name for file in volume_files(tmp_path / "a.img")} == {"a.hdr", "a.img", "a.mat"}
