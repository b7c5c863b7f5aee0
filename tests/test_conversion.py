"""Members of packages that are no volumes: pictures and bare numbers become NIfTI, with the same bytes everywhere."""

from __future__ import annotations

import gzip
import hashlib
import tarfile

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from mrisr.errors import InputError
from mrisr.imaging.grid import resolve_axis
from mrisr.volumes import fetch as fetching
from mrisr.volumes._conversion import converted
from mrisr.volumes.readers import read_volume
from mrisr.volumes.sources import Conversion, Source

NUMBERS = np.random.default_rng(0).integers(0, 60_000, (30, 41)).astype(np.uint16)
RAW = Conversion(kind="raw", plane="sagittal", dtype=">u2", size=[30, 41])
PICTURE = Conversion(kind="picture", plane="axial")


def as_numbers(path, array=NUMBERS):
    path.write_bytes(gzip.compress(array.astype(">u2").tobytes()))
    return path


def read_back(content, folder):
    (folder / "volume.nii.gz").write_bytes(content)
    return nib.load(folder / "volume.nii.gz")


def test_bare_numbers_keep_their_values_and_their_type(tmp_path):
    volume = read_back(converted(as_numbers(tmp_path / "a.ima.gz"), RAW), tmp_path)
    assert volume.get_data_dtype() == np.uint16
    np.testing.assert_array_equal(np.asarray(volume.dataobj)[..., 0], NUMBERS)


def test_a_jpeg_picture_has_the_values_that_its_decoder_gives(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray((NUMBERS // 256).astype(np.uint8)), tmp_path / "a.jpg")
    volume = read_back(converted(tmp_path / "a.jpg", PICTURE), tmp_path)
    assert volume.get_data_dtype() == np.uint8
    expected = sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / "a.jpg"))
    np.testing.assert_array_equal(np.asarray(volume.dataobj)[..., 0], expected)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.jpg").array[..., 0], expected)


@pytest.mark.parametrize(("plane", "up", "left"), [("axial", "A", "R"), ("sagittal", "S", "A")])
def test_a_slice_lies_in_the_body_as_its_plane_says(plane, up, left, tmp_path):
    content = converted(as_numbers(tmp_path / "a.gz"), RAW.model_copy(update={"plane": plane}))
    volume = read_back(content, tmp_path)
    towards = nib.aff2axcodes(volume.affine)
    opposite = dict(zip("APSILR", "PAISRL", strict=True))
    assert (opposite[towards[0]], opposite[towards[1]]) == (up, left)
    assert resolve_axis(plane, volume.affine)[0] == 2


@pytest.mark.parametrize("shape", [(30, 41), (200, 200), (1, 1)])
def test_the_packed_bytes_are_those_of_gzip_without_compression(shape, tmp_path):
    array = np.resize(NUMBERS, shape)
    conversion = RAW.model_copy(update={"size": list(shape)})
    content = converted(as_numbers(tmp_path / "a.gz", array), conversion)
    unpacked = gzip.decompress(content)
    assert len(unpacked) == 352 + array.nbytes
    assert unpacked[:100] in content, "stored, not compressed"


@pytest.mark.parametrize("size", [[30, 40], [41, 31]])
def test_numbers_of_another_size_are_refused(size, tmp_path):
    with pytest.raises(InputError, match=r"has 2460 bytes, not \d+ x \d+ numbers"):
        converted(as_numbers(tmp_path / "a.gz"), RAW.model_copy(update={"size": size}))


def source(folder, **changes):
    """An entry for an archive that holds the numbers, and the archive."""
    member = as_numbers(folder / "a.ima.gz")
    content = converted(member, RAW)
    with tarfile.open(folder / "brains.tar", "w") as bundle:
        bundle.add(member, "brains/a.ima.gz")
    entry = {
        "subject": "ann",
        "package": "brains",
        "version": "1.0",
        "archive": "brains.tar",
        "archive_sha256": hashlib.sha256((folder / "brains.tar").read_bytes()).hexdigest(),
        "member": "brains/a.ima.gz",
        "member_sha256": hashlib.sha256(member.read_bytes()).hexdigest(),
        "conversion": RAW,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return Source(**(entry | changes)), content


def test_fetching_converts_and_leaves_the_volume_only(tmp_path):
    described, content = source(tmp_path)
    fetching._unpack(tmp_path / "brains.tar", described, tmp_path / "out.nii.gz")
    assert (tmp_path / "out.nii.gz").read_bytes() == content


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"member_sha256": "0" * 64}, "has the SHA-256"),
        ({"sha256": "0" * 64}, "became a volume with the SHA-256"),
        ({"conversion": RAW.model_copy(update={"size": [1, 1]})}, "its file brains/a.ima.gz has 2460 bytes"),
        ({"conversion": PICTURE}, "its file brains/a.ima.gz "),
    ],
)
def test_what_is_not_as_described_is_refused_in_one_line_and_nothing_is_left(changes, words, tmp_path):
    described, _ = source(tmp_path, **changes)
    with pytest.raises(InputError) as caught:
        fetching._unpack(tmp_path / "brains.tar", described, tmp_path / "out.nii.gz")
    (line,) = caught.value.problems
    assert line.startswith("brains.tar: ")
    assert words in line
    assert not (tmp_path / "out.nii.gz").exists()


def test_a_picture_in_colour_becomes_a_volume_with_three_channels(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(colours, isVector=True), tmp_path / "photo.png")
    (tmp_path / "photo.nii.gz").write_bytes(converted(tmp_path / "photo.png", PICTURE))
    np.testing.assert_array_equal(read_volume(tmp_path / "photo.nii.gz").array[:, :, 0], colours)


def test_colours_of_16_bits_are_refused(tmp_path):
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((5, 7, 3), np.uint16), isVector=True), tmp_path / "photo.png")
    with pytest.raises(InputError, match="more than 8 bits"):
        converted(tmp_path / "photo.png", PICTURE)
