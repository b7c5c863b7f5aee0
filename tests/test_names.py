"""What a file's name tells: format and compression, in upper and in lower case."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from mrisr.errors import InputError
from mrisr.volumes.files import volume_files
from mrisr.volumes.header import read_header
from mrisr.volumes.names import COMPRESSIONS, SUFFIXES, mixes_case, named_format, named_kind, with_suffix
from mrisr.volumes.readers import read_volume

SHAPE = (40, 36, 24)
VOXELS = np.random.default_rng(0).integers(0, 3000, SHAPE).astype(np.int16)
BY_NIBABEL = {".nii": nib.Nifti1Image, ".nii.gz": nib.Nifti1Image, ".nii.bz2": nib.Nifti1Image}
BY_NIBABEL |= {".mgh": nib.MGHImage, ".mgz": nib.MGHImage, ".img": nib.Nifti1Pair, ".img.gz": nib.Nifti1Pair}
PICTURES = {".png": np.uint16, ".tif": np.uint16, ".jpg": np.uint8, ".jpeg": np.uint8}
BY_ITK = (".nrrd", ".mha", ".mnc", *PICTURES)
HEADERS = {".mhd": ".raw", ".nhdr": ".raw"}
WRITTEN = [*BY_NIBABEL, *BY_ITK, *HEADERS]
UNNAMED = {".nii.bz2": "nifti", ".img.gz": "analyze"}
"""Kinds that have to be given, because the name alone tells none."""


def write(path):
    suffix = named_format(path).suffix
    if suffix in BY_NIBABEL:
        nib.save(BY_NIBABEL[suffix](VOXELS, np.diag([1, 1.5, 2, 1.0])), path)
    else:
        array = VOXELS[0].astype(PICTURES[suffix]) if suffix in PICTURES else VOXELS
        sitk.WriteImage(sitk.GetImageFromArray(array), path)


def in_upper_case(folder, target):
    """Copies of a folder's files with suffixes in upper case; a header goes on naming its data as it did."""
    target.mkdir()
    for file in folder.iterdir():
        told = named_format(file)
        name = file.name if told.suffix in HEADERS.values() else told.stem + told.suffix.upper()
        shutil.copy(file, target / name)
    return target


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_suffix_in_upper_case_is_read_as_in_lower_case(tmp_path, suffix):
    (tmp_path / "lower").mkdir()
    lower, upper = tmp_path / "lower" / f"a{suffix}", tmp_path / "upper" / f"a{suffix.upper()}"
    write(lower)
    in_upper_case(tmp_path / "lower", tmp_path / "upper")
    kind = UNNAMED.get(suffix)
    one, other = read_volume(lower, kind), read_volume(upper, kind)
    np.testing.assert_array_equal(one.array, other.array)
    np.testing.assert_array_equal(one.affine, other.affine)
    assert len(one.files) == len(other.files) == len(list((tmp_path / "lower").iterdir()))
    assert set(volume_files(upper, kind)) == set(other.files), "changed data are noticed"
    assert read_header(upper, kind, 2) == read_header(lower, kind, 2)
    assert read_header(upper, kind, 2)["shape"] == list(one.array.shape)


@pytest.mark.parametrize("suffix", [".nii.gz", ".mgz", ".nii.bz2", ".img.gz"])
def test_damage_at_the_end_of_a_packed_file_is_found_in_upper_case_too(tmp_path, suffix):
    (tmp_path / "lower").mkdir()
    write(tmp_path / "lower" / f"a{suffix}")
    path = in_upper_case(tmp_path / "lower", tmp_path / "upper") / f"a{suffix.upper()}"
    content = bytearray(path.read_bytes())
    # The checksum of the whole stands at the end, behind the last voxel.
    content[-6] ^= 4
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read_volume(path, UNNAMED.get(suffix))


@pytest.mark.parametrize("suffix", [".Nii", ".nii.Gz", ".Nii.gz", ".Img", ".Mgz", ".NII.gz"])
def test_a_suffix_of_both_cases_is_refused_in_one_line_by_the_libraries_that_do_not_find_it(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_bytes(bytes(1000))
    with pytest.raises(InputError) as caught:
        read_volume(tmp_path / f"a{suffix}")
    assert caught.value.problems == [
        f"{tmp_path / f'a{suffix}'}: ends in letters of upper and lower case, by which nibabel finds no file; rename it"
    ]


@pytest.mark.parametrize("suffix", [".Nrrd", ".Mha", ".Mnc", ".Png", ".Tif", ".Jpg"])
def test_other_libraries_read_a_suffix_of_both_cases(tmp_path, suffix):
    write(tmp_path / f"a{suffix.lower()}")
    shutil.copy(tmp_path / f"a{suffix.lower()}", tmp_path / f"b{suffix}")
    one, other = read_volume(tmp_path / f"a{suffix.lower()}"), read_volume(tmp_path / f"b{suffix}")
    np.testing.assert_array_equal(one.array, other.array)


def test_pictures_and_bids_images_are_found_in_upper_case(tmp_path):
    write(tmp_path / "1.png")
    shutil.copy(tmp_path / "1.png", tmp_path / "2.PNG")
    assert read_volume(tmp_path).array.shape[2] == read_header(tmp_path, None, 2)["shape"][2] == 2
    image = tmp_path / "bids/sub-01/anat/sub-01_T1w.NII.GZ"
    image.parent.mkdir(parents=True)
    write(image)
    (tmp_path / "bids/dataset_description.json").write_text(json.dumps({"Name": "x"}))
    np.testing.assert_array_equal(read_volume(tmp_path / "bids").array, VOXELS)


@given(stem=st.text("ab.-_ \u00fc", min_size=1, max_size=5), suffix=st.sampled_from([*SUFFIXES, ".hdr.gz", ".nii.bz2"]))
def test_case_never_changes_what_a_name_tells(stem, suffix):
    told = named_format(f"x{stem}{suffix}")
    assert told.suffix == suffix
    assert told.stem == f"x{stem}"
    assert told.kind == named_kind(f"y/x{stem}{suffix}") == SUFFIXES.get(suffix)
    for written in (suffix.upper(), suffix.title(), suffix.swapcase()):
        other = named_format(f"x{stem}{written}")
        assert other == told._replace(stem=f"x{stem}")
    packed = {"gzip": (".gz", ".mgz"), "bzip2": (".bz2",), "zstd": (".zst",), None: ("",)}
    assert suffix.endswith(packed[told.compression])
    assert told.compression is not None or not suffix.endswith(tuple(COMPRESSIONS))


def test_a_name_without_a_known_end_tells_nothing():
    assert named_format("a.b/readme") == ("readme", "", None, None)
    assert named_format("a.tar.gz") == ("a", ".tar.gz", None, "gzip")
    assert named_format("\u0130.\u0130") == ("\u0130", "i\u0307", None, None) or named_kind("\u0130.\u0130") is None
    assert not mixes_case(Path("scan.Series"))


def test_the_other_half_of_a_pair_has_the_same_case():
    assert with_suffix(Path("d/a.IMG"), ".hdr") == Path("d/a.HDR")
    assert with_suffix(Path("d/a.b.img.gz"), ".hdr.gz") == Path("d/a.b.hdr.gz")
