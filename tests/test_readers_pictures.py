"""Pictures as programs really write them, compared with Pillow: colours, palettes, transparency, orientation, pages."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import tifffile
from mrisr.errors import InputError
from mrisr.volumes.readers import read_volume
from PIL import Image, ImageOps

ROWS, COLUMNS = 200, 240
PLACES = np.add.outer(np.arange(ROWS), 0.5 * np.arange(COLUMNS))
GREY = (PLACES / 2 + 20 * np.sin(PLACES / 9)).clip(0, 255).astype(np.uint8)
COLOUR = np.stack([GREY, 255 - GREY, np.roll(GREY, 50, 0)], -1)


def picture(path):
    return read_volume(path).array[:, :, 0]


def problem(path):
    with pytest.raises(InputError) as caught:
        read_volume(path)
    (line,) = caught.value.problems
    return line


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("values", [GREY, COLOUR, GREY.astype(np.uint16) * 200, GREY.astype(np.float32)])
def test_every_common_compression_of_a_tiff_file_is_read(tmp_path, compression, values):
    Image.fromarray(values).save(tmp_path / "a.tif", compression=compression)
    np.testing.assert_array_equal(picture(tmp_path / "a.tif"), values)


def test_pages_of_lzw_are_slices(tmp_path):
    pages = [Image.fromarray(np.roll(GREY, k, 0)) for k in range(3)]
    pages[0].save(tmp_path / "a.tif", compression="tiff_lzw", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(read_volume(tmp_path / "a.tif").array, np.stack([np.array(p) for p in pages], -1))


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_palette_becomes_its_colours(tmp_path, suffix, compression):
    image = Image.fromarray(COLOUR).quantize(64)
    image.save(tmp_path / f"a.{suffix}", **({"compression": compression} if suffix == "tif" else {}))
    np.testing.assert_array_equal(picture(tmp_path / f"a.{suffix}"), np.array(image.convert("RGB")))


@pytest.mark.parametrize("values", [GREY, GREY.astype(np.uint16) * 200])
def test_a_tiff_file_in_which_small_is_bright_is_inverted(tmp_path, values):
    tifffile.imwrite(tmp_path / "a.tif", np.iinfo(values.dtype).max - values, photometric="miniswhite")
    np.testing.assert_array_equal(picture(tmp_path / "a.tif"), values)
    assert read_volume(tmp_path / "a.tif").notes == ("MINISWHITE: inverted, so that larger is brighter",)


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr"])
def test_a_tiff_file_of_other_colours_is_refused_by_their_name(tmp_path, mode):
    Image.fromarray(COLOUR).convert(mode).save(tmp_path / "a.tif")
    assert "photometric interpretation" in problem(tmp_path / "a.tif")


def test_planes_of_colours_become_channels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(COLOUR, -1, 0), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(picture(tmp_path / "a.tif"), COLOUR)


def test_a_thumbnail_is_no_slice(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GREY)
        writer.write(GREY[::4, ::4], subfiletype=1)
    volume = read_volume(tmp_path / "a.tif")
    np.testing.assert_array_equal(volume.array[..., 0], GREY)
    assert volume.notes == ("reduced copies or masks left out: 1",)


def test_pages_of_two_sizes_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(GREY)
        writer.write(GREY[:100])
    assert "one of a.tif is 100 x 240" in problem(tmp_path / "a.tif")


def test_pictures_without_a_page_of_their_own_are_not_lost_in_silence(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY] * 6), truncate=True)
    assert "speaks of 288000 voxels and its pages have 48000" in problem(tmp_path / "a.tif")


def test_pages_in_a_ring_end(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY)
    content = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        first, tags = file.pages[0].offset, len(file.pages[0].tags)
    end = first + 2 + 12 * tags
    content[end : end + 4] = first.to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(content)
    assert "circular" in problem(tmp_path / "a.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_a_turned_picture_is_as_a_viewer_shows_it(tmp_path, orientation, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "jpg":
        exif = Image.Exif()
        exif[274] = orientation
        Image.fromarray(GREY).save(path, quality=100, exif=exif)
    else:
        tifffile.imwrite(path, GREY, extratags=[(274, "H", 1, orientation, True)])
    volume = read_volume(path)
    image = Image.fromarray(GREY)
    image.getexif()[274] = orientation
    np.testing.assert_allclose(volume.array[..., 0], np.array(ImageOps.exif_transpose(image)), atol=2)
    assert bool(volume.notes) == (orientation > 1)


def test_grey_with_transparency_is_grey(tmp_path):
    grey = Image.fromarray(GREY)
    Image.merge("LA", [grey, grey]).save(tmp_path / "a.png")
    np.testing.assert_array_equal(picture(tmp_path / "a.png"), GREY)
    grey.save(tmp_path / "b.png", transparency=0)
    np.testing.assert_array_equal(picture(tmp_path / "b.png"), GREY)
    deep = np.stack([GREY, GREY], -1).astype(np.uint16)
    sitk.WriteImage(sitk.GetImageFromArray(deep, isVector=True), tmp_path / "c.png")
    assert "save it without alpha" in problem(tmp_path / "c.png")


def test_a_print_jpeg_has_pillows_colours(tmp_path):
    Image.fromarray(COLOUR).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    with Image.open(tmp_path / "a.jpg") as image:
        np.testing.assert_allclose(picture(tmp_path / "a.jpg"), np.array(image.convert("RGB")), atol=2)


def slices(folder):
    folder.mkdir()
    for k in range(3):
        Image.fromarray(np.roll(GREY, k, 0)).save(folder / f"s{k}.png")
    return folder


def test_the_companions_that_macos_makes_are_no_slices(tmp_path):
    folder = slices(tmp_path / "a")
    (folder / "._s0.png").write_bytes(b"\0\5\x16\7" * 500)
    assert read_volume(folder).array.shape == (ROWS, COLUMNS, 3)


def test_pictures_of_two_depths_are_refused(tmp_path):
    folder = slices(tmp_path / "a")
    Image.fromarray(GREY.astype(np.uint16) * 200).save(folder / "s3.png")
    assert "s0.png is 200 x 240 of type uint8, one of s3.png is 200 x 240 of type uint16" in problem(folder)


def test_a_picture_beside_a_volume_is_not_taken_for_it(tmp_path):
    folder = slices(tmp_path / "a")
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4), np.uint8), np.eye(4)), folder / "T1.nii.gz")
    assert "holds pictures and T1.nii.gz" in problem(folder)
    assert read_volume(folder, "pictures").array.shape == (ROWS, COLUMNS, 3)
    folder = slices(tmp_path / "b")
    pydicom.dcmwrite(folder / "IM1", pydicom.dcmread(pydicom.data.get_testdata_file("MR_small.dcm")))
    assert "holds DICOM files and pictures; set kind to one of dicom, pictures" in problem(folder)
    assert read_volume(folder, "dicom").array.shape == (64, 64, 1)
