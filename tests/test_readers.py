"""Reading volumes of every kind, and what happens to unusual and damaged ones."""

from __future__ import annotations

import contextlib
import gzip
import json

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mrisr.errors import InputError
from mrisr.volumes.files import volume_files
from mrisr.volumes.header import read_header
from mrisr.volumes.readers import read_volume

AFFINE = np.array([[0.0, -0.9, 0.0, 40], [0.0, 0.0, 1.5, -30], [0.8, 0.0, 0.0, 7], [0, 0, 0, 1]])
SHAPE = (5, 6, 7)
RNG = np.random.default_rng(0)
INTEGERS = RNG.integers(0, 3000, SHAPE).astype(np.int16)


def oblique_itk_image(array=INTEGERS):
    """An image with a rotated grid: array [X, Y, Z], or [X, Y, Z, C]."""
    turn = np.deg2rad(20)
    direction = [np.cos(turn), -np.sin(turn), 0, np.sin(turn), np.cos(turn), 0, 0, 0, -1]
    image = sitk.GetImageFromArray(np.swapaxes(array, 0, 2), isVector=array.ndim == 4)
    image.SetDirection(direction)
    image.SetSpacing((0.5, 1.0, 2.5))
    image.SetOrigin((10.0, -20.0, 30.0))
    return image


def saved(path, array, affine=AFFINE, kind=nib.Nifti1Image, **header):
    image = kind(array, affine)
    for name, value in header.items():
        image.header[name] = value
    nib.save(image, path)
    return path


def problem(path, *args, **options):
    with pytest.raises(InputError) as caught:
        read_volume(path, *args, **options)
    (line,) = caught.value.problems
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line


# ---- formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mgh", "a.mgz", "a.img"])
def test_nibabels_formats_keep_values_and_affine(tmp_path, name):
    kinds = {"mgh": nib.MGHImage, "mgz": nib.MGHImage, "img": nib.Nifti1Pair}
    kind = kinds.get(name.split(".")[-1], nib.Nifti1Image)
    volume = read_volume(saved(tmp_path / name, INTEGERS, kind=kind))
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, INTEGERS)
    np.testing.assert_allclose(volume.affine, AFFINE, atol=1e-5)
    np.testing.assert_allclose(volume.spacing, [0.8, 0.9, 1.5], atol=1e-6)


def test_an_analyze_pair_has_nibabels_orientation(tmp_path):
    saved(tmp_path / "a.img", INTEGERS, np.diag([-2.0, 2, 2, 1]), kind=nib.Spm99AnalyzeImage)
    volume = read_volume(tmp_path / "a.hdr")
    np.testing.assert_array_equal(volume.array, INTEGERS)
    np.testing.assert_allclose(volume.affine, nib.load(tmp_path / "a.img").affine)
    np.testing.assert_allclose(volume.spacing, 2)


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
@pytest.mark.parametrize("compressed", [False, True])
def test_itks_formats_have_the_values_and_the_affine_that_the_same_image_has_as_nifti(tmp_path, name, compressed):
    image = oblique_itk_image()
    sitk.WriteImage(image, tmp_path / name, useCompression=compressed)
    sitk.WriteImage(image, tmp_path / "same.nii")
    same, volume = nib.load(tmp_path / "same.nii"), read_volume(tmp_path / name)
    np.testing.assert_array_equal(volume.array, same.get_fdata())
    np.testing.assert_allclose(volume.affine, same.affine, atol=1e-4)
    assert volume.array.dtype == np.float32


def test_a_minc_2_file_has_the_world_coordinates_that_stand_in_it(tmp_path):
    image = oblique_itk_image()
    sitk.WriteImage(image, tmp_path / "a.mnc")
    volume = read_volume(tmp_path / "a.mnc")
    np.testing.assert_array_equal(volume.array, INTEGERS)
    # ITK writes its coordinates into the file unchanged, and MINC's are RAS+.
    np.testing.assert_allclose(volume.affine @ [1, 2, 3, 1], [*image.TransformIndexToPhysicalPoint((1, 2, 3)), 1])


def test_a_minc_1_file_is_read_with_its_axes_and_its_range(tmp_path):
    from scipy.io import netcdf_file

    with netcdf_file(tmp_path / "a.mnc", "w") as file:
        names = ("zspace", "yspace", "xspace")
        for name, length, start, step in zip(names, (7, 6, 5), (7.0, -30.0, 40.0), (1.5, 1.0, 0.5), strict=True):
            file.createDimension(name, length)
            space = file.createVariable(name, "i", ())
            space.start, space.step, space.spacing = start, step, b"regular__"
            space.direction_cosines = np.eye(3)[names[::-1].index(name)]
        image = file.createVariable("image", "h", names)
        image.signtype, image.valid_range = b"signed__", np.array([0.0, 1000.0])
        image[:] = np.arange(210).reshape(7, 6, 5)
        for name, value in (("image-min", 0.0), ("image-max", 2000.0)):
            file.createVariable(name, "d", ())[...] = value
    volume = read_volume(tmp_path / "a.mnc")
    np.testing.assert_allclose(volume.array, 2 * np.arange(210).reshape(7, 6, 5), rtol=1e-6)
    # nibabel keeps the file's order of axes, z y x, and says so in the affine.
    np.testing.assert_allclose(volume.affine @ [1, 2, 3, 1], [40 + 3 * 0.5, -30 + 2, 7 + 1.5, 1])


def write_dicom(folder, positions, uid="1.2.3", slope=2.0, prefix="s", rows=6, columns=5):
    """Axial slices of 1.5 mm rows and 0.5 mm columns: pixel [row, column] of slice k is 100 k + 10 row + column."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    folder.mkdir(exist_ok=True)
    for k, z in enumerate(positions):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = MRImageStorage
        meta.MediaStorageSOPInstanceUID = f"{uid}.{k + 1}"
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID, dataset.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        dataset.SeriesInstanceUID, dataset.StudyInstanceUID, dataset.Modality = uid, "1.2", "MR"
        dataset.InstanceNumber = len(positions) - k
        dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-10, -20, z]
        dataset.PixelSpacing, dataset.SliceThickness = [1.5, 0.5], 2
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 1
        dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.RescaleSlope, dataset.RescaleIntercept = slope, -1
        pixels = 100 * k + 10 * np.arange(rows)[:, None] + np.arange(columns)
        dataset.PixelData = pixels.astype(np.uint16).tobytes()
        pydicom.dcmwrite(folder / f"{prefix}{k}", dataset, enforce_file_format=True)
    return folder


def test_a_dicom_series_is_ordered_by_position_scaled_and_placed(tmp_path):
    volume = read_volume(write_dicom(tmp_path / "series", positions=[9.0, 7.0, 5.0]))
    column, row, height = np.meshgrid(np.arange(5), np.arange(6), [2, 1, 0], indexing="ij")
    np.testing.assert_array_equal(volume.array, 2 * (100 * height + 10 * row + column) - 1)
    # DICOM counts x to the left and y to the back, RAS+ to the right and to the front.
    np.testing.assert_allclose(volume.affine, [[-0.5, 0, 0, 10], [0, -1.5, 0, 20], [0, 0, 2, 5], [0, 0, 0, 1]])
    assert len(volume.files) == 3


def test_a_single_dicom_file_is_one_slice(tmp_path):
    folder = write_dicom(tmp_path / "series", positions=[5.0])
    assert read_volume(folder / "s0").array.shape == (5, 6, 1)


def test_of_several_dicom_series_the_kind_chooses_one(tmp_path):
    folder = write_dicom(tmp_path / "series", positions=[5.0, 7.0])
    write_dicom(folder, positions=[1.0, 2.0, 3.0], uid="9.8.7", prefix="t", slope=1.0)
    assert "dicom:1.2.3" in problem(folder)
    assert "dicom:9.8.7" in problem(folder)
    assert read_volume(folder, "dicom:9.8.7").array.shape == (5, 6, 3)
    assert "no DICOM series '4'" in problem(folder, "dicom:4")


def test_a_dicom_series_with_a_missing_slice_is_refused(tmp_path):
    assert "not evenly spaced" in problem(write_dicom(tmp_path / "series", positions=[1.0, 3.0, 7.0]))


def test_a_truncated_dicom_series_is_refused(tmp_path):
    folder = write_dicom(tmp_path / "series", positions=[1.0, 3.0, 5.0])
    (folder / "s1").write_bytes((folder / "s1").read_bytes()[:-30])
    assert "its file s1 is truncated" in problem(folder)


def bids(root, *names):
    root.mkdir()
    (root / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.9.0"}))
    for value, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        saved(root / name, np.full(SHAPE, value, np.int16))
    return root


def test_a_bids_folder_with_one_anatomical_image_needs_no_selection(tmp_path):
    names = ["sub-01/func/sub-01_task-rest_bold.nii.gz", "sub-01/anat/sub-01_T1w.nii.gz"]
    root = bids(tmp_path / "bids", *names, "derivatives/x/sub-01/anat/sub-01_desc-brain_T1w.nii.gz")
    volume = read_volume(root)
    assert volume.array.max() == 1
    assert volume.files == (root / names[1],)


def test_a_bids_selection_names_subject_type_and_pieces_of_the_name(tmp_path):
    names = [
        f"sub-0{s}/ses-1/anat/sub-0{s}_ses-1_run-{r}_{w}.nii.gz" for s in (1, 2) for r in (1, 2) for w in ("T1w", "T2w")
    ]
    root = bids(tmp_path / "bids", *names)
    for value, name in enumerate(names):
        subject, run, suffix = name[:6], f"run-{name.split('run-')[1][0]}", name[-10:-7]
        assert read_volume(root, f"bids:{subject}/anat/{run}_{suffix}").array.max() == value
    assert "bids:sub-02/ses-1/anat/sub-02_ses-1_run-2_T2w" in problem(root)
    assert "no image that fits 'sub-03/anat/T1w'" in problem(root, "bids:sub-03/anat/T1w")


def test_png_slices_are_stacked_in_natural_order_rows_first(tmp_path):
    pictures = {f"slice{n}.png": RNG.integers(0, 65535, (6, 5)).astype(np.uint16) for n in (10, 9, 2)}
    for name, picture in pictures.items():
        sitk.WriteImage(sitk.GetImageFromArray(picture), tmp_path / name)
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, np.stack([pictures[f"slice{n}.png"] for n in (2, 9, 10)], axis=2))
    np.testing.assert_array_equal(volume.affine, [[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def patient(folder, slices=(1, 2, 10)):
    """A folder of the glioma set as it is published: colour slices, and a grey mask beside each."""
    folder.mkdir(exist_ok=True)
    for number in slices:
        tifffile.imwrite(folder / f"TCGA_{number}.tif", np.full((6, 5, 3), number, np.uint8), photometric="rgb")
        tifffile.imwrite(folder / f"TCGA_{number}_mask.tif", np.full((6, 5), 100 + number, np.uint8))
    return folder


@pytest.mark.parametrize("pattern", ["!*_mask.*", "*[0-9].tif", "TCGA_?.tif"])
def test_a_pattern_picks_the_slices_of_a_folder_and_another_one_their_masks(tmp_path, pattern):
    folder = patient(tmp_path / "a")
    slices = [1, 2] if "?" in pattern else [1, 2, 10]
    volume = read_volume(folder, f"pictures:{pattern}")
    assert volume.array.shape == (6, 5, len(slices), 3)
    assert volume.array[0, 0, :, 0].tolist() == slices
    assert read_volume(folder, "pictures:*_mask.*").array[0, 0].tolist() == [101, 102, 110]
    assert read_header(folder, f"pictures:{pattern}", 2)["shape"] == list(volume.array.shape)


@pytest.mark.parametrize("kind", [None, "pictures", "pictures:*.tif"])
def test_masks_beside_the_slices_need_a_pattern(tmp_path, kind):
    line = problem(patient(tmp_path / "a"), kind)
    assert line.endswith(
        "a: has masks beside the slices (TCGA_10_mask.tif); set kind to one of pictures:!*_mask.*, pictures:*_mask.*"
    )


def test_a_pattern_that_picks_nothing_or_stands_at_a_file_is_told(tmp_path):
    folder = patient(tmp_path / "a")
    assert "has no picture that '*.png' picks; set kind to one of" in problem(folder, "pictures:*.png")
    assert "TCGA_1.tif: is a file, and '*.tif' picks pictures of a folder" in problem(
        folder / "TCGA_1.tif", "pictures:*.tif"
    )


def test_colour_pictures_have_three_channels_and_no_alpha(tmp_path):
    from matplotlib.image import imsave

    colour = RNG.integers(0, 255, (6, 5, 4)).astype(np.uint8)
    imsave(tmp_path / "a.png", colour)
    volume = read_volume(tmp_path / "a.png")
    np.testing.assert_array_equal(volume.array, colour[:, :, None, :3])
    assert volume.notes == ("alpha channel left out",)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_the_pages_of_a_tiff_file_are_slices(tmp_path, compression):
    pages = RNG.random((4, 40, 30)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack", compression=compression)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.tif").array, np.moveaxis(pages, 0, 2))


def test_pictures_of_unequal_size_are_refused_by_name(tmp_path):
    for name, side in (("a.png", 5), ("b.png", 6)):
        sitk.WriteImage(sitk.GetImageFromArray(np.zeros((5, side), np.uint8)), tmp_path / name)
    assert "a.png is 5 x 5 of type uint8, one of b.png is 5 x 6" in problem(tmp_path)


# ---- treatments -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.mgz"])
def test_of_a_4d_volume_one_is_taken_only_if_asked_for(tmp_path, name):
    four = RNG.random((*SHAPE, 3)).astype(np.float32)
    kind = nib.MGHImage if name.endswith("mgz") else nib.Nifti1Image
    path = saved(tmp_path / name, four, kind=kind)
    assert "holds 3 volumes (5 x 6 x 7 x 3)" in problem(path)
    np.testing.assert_array_equal(read_volume(path, volume_4d="first").array, four[..., 0])
    np.testing.assert_array_equal(read_volume(path, volume_4d=2).array, four[..., 2])
    assert "volumes 0 to 2" in problem(path, volume_4d=3)


def test_a_last_dimension_of_one_is_no_fourth_dimension(tmp_path):
    np.testing.assert_array_equal(read_volume(saved(tmp_path / "a.nii", INTEGERS[..., None])).array, INTEGERS)
    five = saved(tmp_path / "b.nii", INTEGERS[..., None, None])
    np.testing.assert_array_equal(read_volume(five).array, INTEGERS)


def test_a_flat_nifti_is_one_slice(tmp_path):
    assert read_volume(saved(tmp_path / "a.nii", INTEGERS[..., 0])).array.shape == (5, 6, 1)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd"])
def test_complex_values_are_an_error_or_their_magnitude(tmp_path, name):
    values = (INTEGERS + 1j * INTEGERS[::-1]).astype(np.complex64)
    if name == "a.nrrd":
        sitk.WriteImage(sitk.GetImageFromArray(values.T.copy()), tmp_path / name)
    else:
        saved(tmp_path / name, values)
    assert "complex" in problem(tmp_path / name)
    volume = read_volume(tmp_path / name, complex="magnitude")
    np.testing.assert_allclose(volume.array, np.abs(values), rtol=1e-6)


def test_nan_and_inf_are_counted_or_set_to_zero(tmp_path):
    values = INTEGERS.astype(np.float32)
    values[0, 0, :3] = np.nan, np.inf, -np.inf
    path = saved(tmp_path / "a.nii", values)
    assert "3 voxels are NaN or infinite" in problem(path)
    volume = read_volume(path, nonfinite="zero")
    np.testing.assert_array_equal(volume.array[0, 0, :3], 0)
    np.testing.assert_array_equal(volume.array[1:], values[1:])


def test_scaled_integers_are_scaled(tmp_path):
    image = nib.Nifti1Image(INTEGERS, AFFINE)
    image.header.set_slope_inter(0.5, 10)
    nib.save(image, tmp_path / "a.nii")
    scaled = nib.load(tmp_path / "a.nii")
    np.testing.assert_allclose(read_volume(tmp_path / "a.nii").array, scaled.get_fdata(), rtol=1e-6)
    assert scaled.dataobj.slope != 1


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint32", "int64", "float32", "float64"])
def test_every_number_type_becomes_float32(tmp_path, dtype):
    values = RNG.integers(0, 100, SHAPE).astype(dtype)
    image = nib.Nifti1Image(values, AFFINE, dtype=np.dtype(dtype))
    nib.save(image, tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").array, values)


def test_rgb_voxels_become_channels(tmp_path):
    colour = RNG.integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
    rgb = np.ascontiguousarray(colour).view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    np.testing.assert_array_equal(read_volume(saved(tmp_path / "a.nii", rgb)).array, colour)
    sitk.WriteImage(oblique_itk_image(colour), tmp_path / "a.nrrd")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nrrd").array, colour)


def test_a_vector_of_two_components_is_several_volumes(tmp_path):
    sitk.WriteImage(oblique_itk_image(RNG.random((*SHAPE, 2)).astype(np.float32)), tmp_path / "a.nrrd")
    assert "holds 2 volumes" in problem(tmp_path / "a.nrrd")


def test_an_affine_that_is_not_invertible_is_refused(tmp_path):
    image = nib.Nifti1Image(INTEGERS, AFFINE)
    image.header["srow_z"] = 0
    (tmp_path / "a.nii").write_bytes(image.header.binaryblock + b"\0" * 4 + INTEGERS.tobytes("F"))
    assert "affine" in problem(tmp_path / "a.nii")


# ---- hostile files ----------------------------------------------------------------------------------------------


def test_missing_empty_and_unknown_files_are_named(tmp_path):
    assert "does not exist" in problem(tmp_path / "none.nii")
    (tmp_path / "empty.nii").touch()
    assert "empty file" in problem(tmp_path / "empty.nii")
    (tmp_path / "scan.xyz").write_bytes(b"hello")
    assert "no kind" in problem(tmp_path / "scan.xyz")
    (tmp_path / "folder.nii").mkdir()
    assert "empty folder" in problem(tmp_path / "folder.nii")
    assert "is a folder" in problem(tmp_path / "folder.nii", "nifti")
    assert "did you mean 'nifti'" in problem(tmp_path / "scan.xyz", "nifty")


def test_a_folder_without_images_says_what_it_should_hold(tmp_path):
    (tmp_path / "notes.txt").write_text("no images")
    assert "neither DICOM files, pictures" in problem(tmp_path)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
@pytest.mark.parametrize(
    "name", ["a.nii", "a.nii.gz", "a.mgh", "a.mgz", "a.nrrd", "a.mha", "a.mnc", "a.tif", "a.png", "a.jpg"]
)
def test_a_truncated_file_is_refused(tmp_path, name, share):
    path = tmp_path / name
    large = RNG.integers(0, 3000, (20, 30, 40)).astype(np.int16)
    if name.endswith("tif"):
        tifffile.imwrite(path, large, photometric="minisblack")
    elif name.endswith(("png", "jpg")):
        sitk.WriteImage(sitk.GetImageFromArray(large[0].astype(np.uint16 if name == "a.png" else np.uint8)), path)
    elif name[2:] in ("nrrd", "mha", "mnc"):
        sitk.WriteImage(oblique_itk_image(large), path)
    else:
        saved(path, large, kind=nib.MGHImage if "mg" in name else nib.Nifti1Image)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert problem(path)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.mgz"])
def test_a_compressed_file_with_one_wrong_bit_is_refused(tmp_path, name):
    saved(tmp_path / name, INTEGERS, kind=nib.MGHImage if "mg" in name else nib.Nifti1Image)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 4
    (tmp_path / name).write_bytes(content)
    assert "damaged" in problem(tmp_path / name)


@pytest.mark.parametrize("name", ["a.mhd", "a.nhdr"])
def test_a_header_whose_data_file_is_missing_or_short_is_refused(tmp_path, name):
    sitk.WriteImage(oblique_itk_image(), tmp_path / name)
    raw = tmp_path / "a.raw"
    raw.write_bytes(raw.read_bytes()[:-10])
    assert "data file" in problem(tmp_path / name)
    raw.unlink()
    assert "data file" in problem(tmp_path / name)


def test_half_an_analyze_pair_is_refused(tmp_path):
    saved(tmp_path / "a.img", INTEGERS, kind=nib.Nifti1Pair)
    (tmp_path / "a.img").unlink()
    assert problem(tmp_path / "a.hdr")


@pytest.mark.parametrize("shape", [(0, 6, 7), (32767, 32767, 32767), (-3, 6, 7)])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_header_that_claims_nothing_or_far_too_much_allocates_nothing(tmp_path, name, shape):
    header = nib.Nifti1Header()
    header.set_data_shape(SHAPE)
    header["dim"][1:4] = shape
    header["vox_offset"], header["magic"] = 352, b"n+1"
    content = header.binaryblock + b"\0" * 4 + INTEGERS.tobytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert problem(tmp_path / name)


def test_a_metaimage_header_that_claims_far_too_much_allocates_nothing(tmp_path):
    sitk.WriteImage(oblique_itk_image(), tmp_path / "a.mha")
    content = (tmp_path / "a.mha").read_bytes()
    for claim in (b"DimSize = 50000 60000 70000", b"DimSize = 0 6 7"):
        (tmp_path / "b.mha").write_bytes(content.replace(b"DimSize = 5 6 7", claim))
        assert problem(tmp_path / "b.mha")


HOSTILE = [
    "a.nii",
    "a.nii.gz",
    "a.mgz",
    "a.hdr",
    "a.mnc",
    "a.nrrd",
    "a.nhdr",
    "a.mha",
    "a.mhd",
    "a.png",
    "a.jpg",
    "a.tif",
    "a.dcm",
]
STARTS = [
    b"",
    b"NRRD0004\n",
    b"\x1f\x8b\x08",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"II*\0",
    b"\x89HDF\r\n",
    b"\0" * 128 + b"DICM",
    b"CDF\x01",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(HOSTILE), start=st.sampled_from(STARTS), rest=st.binary(max_size=600))
def test_random_bytes_are_an_input_error_whatever_their_name(tmp_path, name, start, rest):
    (tmp_path / name).write_bytes(start + rest)
    assert problem(tmp_path / name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 347), value=st.integers(0, 255))
def test_a_nifti_header_with_one_wrong_byte_is_read_or_refused_in_one_line(tmp_path, position, value):
    if not (tmp_path / "a.nii").exists():
        saved(tmp_path / "a.nii", INTEGERS)
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[position] = value
    (tmp_path / "b.nii").write_bytes(content)
    # Refused or read, never a traceback: any other exception fails the test.
    with contextlib.suppress(InputError):
        assert np.isfinite(read_volume(tmp_path / "b.nii").array).all()


# ---- files ------------------------------------------------------------------------------------------------------


def test_a_header_and_its_data_are_the_files_of_a_volume(tmp_path):
    saved(tmp_path / "a.img", INTEGERS, kind=nib.Nifti1Pair)
    for name, data in (("b.mhd", "b.raw"), ("c.nhdr", "c.raw"), ("d.nrrd", None)):
        sitk.WriteImage(oblique_itk_image(), tmp_path / name)
        expected = [tmp_path / name, *([tmp_path / data] if data else [])]
        assert volume_files(tmp_path / name) == list(read_volume(tmp_path / name).files) == expected
    assert set(volume_files(tmp_path / "a.hdr")) == {tmp_path / "a.hdr", tmp_path / "a.img"}
    assert set(read_volume(tmp_path / "a.img").files) == {tmp_path / "a.hdr", tmp_path / "a.img"}


def test_a_metaimage_of_listed_slices_has_them_as_its_files(tmp_path):
    for k in range(3):
        (tmp_path / f"s{k}.raw").write_bytes(INTEGERS[..., k].tobytes("F"))
    header = "NDims = 3\nDimSize = 5 6 3\nElementType = MET_SHORT\nElementSpacing = 1 1 1\nElementDataFile = "
    (tmp_path / "list.mhd").write_text(header + "LIST\n" + "".join(f"s{k}.raw\n" for k in range(3)))
    (tmp_path / "pattern.mhd").write_text(header + "s%d.raw 0 2 1\n")
    for name in ("list.mhd", "pattern.mhd"):
        volume = read_volume(tmp_path / name)
        np.testing.assert_array_equal(volume.array, INTEGERS[..., :3])
        assert volume.files == (tmp_path / name, *(tmp_path / f"s{k}.raw" for k in range(3)))


def test_a_bids_folder_is_the_one_image_that_is_meant(tmp_path):
    names = ["sub-01/anat/sub-01_T1w.nii.gz", "sub-02/anat/sub-02_T1w.nii.gz"]
    root = bids(tmp_path / "bids", *names)
    assert volume_files(root, "bids:sub-02/T1w") == [root / names[1]]
    assert volume_files(root) == []
    folder = write_dicom(tmp_path / "series", positions=[5.0, 7.0])
    assert volume_files(folder, "dicom") == [folder / "s0", folder / "s1"]
