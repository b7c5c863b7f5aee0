"""DICOM of real sizes from two writers, compared with an independent reader (SimpleITK) or with what was written."""

from __future__ import annotations

import base64
import io
import locale

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from mrisr.errors import InputError
from mrisr.volumes.readers import read_volume
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
)

ROWS, COLUMNS, COUNT = 256, 192, 6
STORED = np.random.default_rng(7).integers(0, 4000, (COUNT, ROWS, COLUMNS)).astype(np.uint16)
"""Stored values [slice, row, column]."""
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
TURN = np.deg2rad(25)
DIRECTIONS = np.array([[np.cos(TURN), np.sin(TURN), 0], [0, 0, -1]])
"""Along a row and down a column: an oblique coronal plane."""
NORMAL = np.cross(*DIRECTIONS)
START = np.array([-80.0, 30.0, 110.0])


@pytest.fixture(autouse=True)
def locale_of_the_process():
    """SimpleITK's writer of DICOM sets the process's locale to C, in which files are read as ASCII."""
    before = locale.setlocale(locale.LC_ALL)
    yield
    locale.setlocale(locale.LC_ALL, before)


def dataset(index, sop=MRImageStorage):
    """A data set with all that a picture of 1.5 mm rows and 0.75 mm columns needs but its pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop, f"1.2.3.4.{index + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    new = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    new.SOPClassUID, new.SOPInstanceUID = sop, meta.MediaStorageSOPInstanceUID
    new.SeriesInstanceUID, new.StudyInstanceUID, new.Modality = "1.2.3", "1.2", "MR"
    new.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    new.Rows, new.Columns, new.SamplesPerPixel = ROWS, COLUMNS, 1
    new.PhotometricInterpretation, new.PixelRepresentation = "MONOCHROME2", 0
    new.BitsAllocated, new.BitsStored, new.HighBit = 16, 16, 15
    return new


def text(values):
    return [f"{value:.10f}"[:16] for value in values]


def classic(folder, positions=None, change=None, syntax=ExplicitVRLittleEndian, stored=STORED):
    """A series of single pictures, files numbered against their places; ``change(k, dataset)`` alters slice k."""
    folder.mkdir()
    positions = [START + 2 * k * NORMAL for k in range(COUNT)] if positions is None else positions
    for k, position in enumerate(positions):
        new = dataset(k)
        new.file_meta.TransferSyntaxUID = syntax
        new.InstanceNumber = len(positions) - k
        new.ImageOrientationPatient, new.ImagePositionPatient = text(DIRECTIONS.ravel()), text(position)
        new.PixelSpacing, new.SliceThickness = [1.5, 0.75], 2
        new.PixelData = stored[k].astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
        if change is not None:
            change(k, new)
        pydicom.dcmwrite(folder / f"slice{len(positions) - k}", new, enforce_file_format=True)
    return folder


def group(**elements):
    inner = Dataset()
    for name, value in elements.items():
        setattr(inner, name, value)
    return Sequence([inner])


def enhanced(path, order=range(COUNT), slopes=None, change=None, positions=None):
    """An enhanced file whose frames are the slices of ``order``, each with its own slope."""
    new = dataset(0, EnhancedMRImageStorage)
    order = list(order)
    new.NumberOfFrames = len(order)
    shared, frames = Dataset(), []
    shared.PlaneOrientationSequence = group(ImageOrientationPatient=text(DIRECTIONS.ravel()))
    shared.PixelMeasuresSequence = group(PixelSpacing=[1.5, 0.75], SliceThickness=1, SpacingBetweenSlices=2)
    for k in order:
        frame, place = Dataset(), START + 2 * k * NORMAL if positions is None else positions[k]
        frame.PlanePositionSequence = group(ImagePositionPatient=text(place))
        slope = 1 if slopes is None else slopes[k]
        frame.PixelValueTransformationSequence = group(RescaleSlope=slope, RescaleIntercept=-k, RescaleType="US")
        frames.append(frame)
    new.SharedFunctionalGroupsSequence, new.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence(frames)
    new.PixelData = STORED[order].tobytes()
    if change is not None:
        change(new)
    pydicom.dcmwrite(path, new, enforce_file_format=True)
    return path


def true_affine(step=2 * NORMAL, start=START):
    affine = np.eye(4)
    affine[:3] = np.column_stack([DIRECTIONS[0] * 0.75, DIRECTIONS[1] * 1.5, step, start])
    return LPS @ affine


def check(volume, stored=STORED, affine=None, slopes=1, intercepts=0):
    """The volume is what was written."""
    shape = (len(stored), 1, 1)
    slopes, intercepts = (np.broadcast_to(v, len(stored)).reshape(shape) for v in (slopes, intercepts))
    np.testing.assert_allclose(
        volume.array, np.transpose(stored * slopes + intercepts, (2, 1, 0)), rtol=1e-6, atol=1e-4
    )
    np.testing.assert_allclose(volume.affine, true_affine() if affine is None else affine, atol=1e-6)


def independent(image):
    """Array [X, Y, Z] and affine to RAS+ of an ITK image."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).T, LPS @ affine


def series(folder):
    """A folder as SimpleITK reads it."""
    return independent(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))))


def problem(path, *args, **options):
    with pytest.raises(InputError) as caught:
        read_volume(path, *args, **options)
    (line,) = caught.value.problems
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line


# ---- classic series ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_series_written_by_hand_is_what_was_written_and_what_simpleitk_reads(tmp_path, syntax):
    volume = read_volume(classic(tmp_path / "s", syntax=syntax))
    check(volume)
    array, affine = series(tmp_path / "s")
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-6)
    np.testing.assert_allclose(volume.spacing, [0.75, 1.5, 2], atol=1e-6)
    assert volume.notes == ()


def itk_image():
    image = sitk.GetImageFromArray(STORED.astype(np.int16))
    image.SetSpacing((0.75, 1.5, 2))
    image.SetOrigin(START.tolist())
    image.SetDirection(np.column_stack([*DIRECTIONS, NORMAL]).ravel().tolist())
    return image


@pytest.mark.parametrize("compressor", [None, "JPEG2000", "JPEG"])
def test_a_series_written_by_simpleitk_is_what_was_written(tmp_path, compressor):
    image = itk_image()
    names = [str(tmp_path / f"{COUNT - k}.dcm") for k in range(COUNT)]
    for k, name in enumerate(names):
        piece = image[:, :, k]
        position = "\\".join(text(image.TransformIndexToPhysicalPoint((0, 0, k))))
        tags = {"0020|0032": position, "0020|0037": "\\".join(text(DIRECTIONS.ravel())), "0020|0013": str(COUNT - k)}
        for tag, value in (tags | {"0008|0060": "MR", "0020|000e": "1.2.3", "0018|0050": "2"}).items():
            piece.SetMetaData(tag, value)
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.KeepOriginalImageUIDOn()
        writer.SetFileName(name)
        if compressor is not None:
            writer.UseCompressionOn()
            writer.SetCompressor(compressor)
        writer.Execute(piece)
    volume = read_volume(tmp_path)
    check(volume)
    array, affine = series(tmp_path)
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-6)


@pytest.mark.parametrize("slopes", [[1, 3, 3, 0.25, 3, 2], [1, 0.6, 0.6, 0.35, 1, 0.01]])
def test_each_slice_is_scaled_by_its_own_header(tmp_path, slopes):
    def scale(k, new):
        new.RescaleSlope, new.RescaleIntercept = slopes[k], -3 * k

    volume = read_volume(classic(tmp_path / "s", change=scale))
    check(volume, slopes=np.array(slopes), intercepts=-3 * np.arange(COUNT))


def test_slices_of_other_pixel_types_are_read_as_what_they_are(tmp_path):
    stored = STORED.astype(np.int64) % 200

    def retype(k, new):
        if k == 1:
            new.BitsAllocated, new.BitsStored, new.HighBit, new.PixelData = (
                8,
                8,
                7,
                stored[k].astype(np.uint8).tobytes(),
            )
        if k == 2:
            new.PixelRepresentation, new.PixelData = 1, (stored[k] - 100).astype(np.int16).tobytes()
            new.RescaleIntercept, new.RescaleSlope = 100, 1

    check(read_volume(classic(tmp_path / "s", change=retype, stored=stored)), stored)


def test_signed_pixels_of_12_bits_keep_their_sign(tmp_path):
    stored = STORED.astype(np.int64) % 4000 - 2000

    def retype(k, new):
        new.BitsStored, new.HighBit, new.PixelRepresentation = 12, 11, 1
        new.PixelData = (stored[k] & 0x0FFF).astype(np.uint16).tobytes()

    check(read_volume(classic(tmp_path / "s", change=retype)), stored)


def test_a_gantry_tilt_gives_a_sheared_affine(tmp_path):
    step = 2 * NORMAL + DIRECTIONS[1]
    volume = read_volume(classic(tmp_path / "s", [START + k * step for k in range(COUNT)]))
    check(volume, affine=true_affine(step))
    assert volume.notes == ("slices shifted sideways as by a tilt of 26.6 degrees: the affine is sheared",)


def test_a_slice_of_other_geometry_is_refused_by_name(tmp_path):
    def spacing(k, new):
        new.PixelSpacing = [1.5, 0.75] if k != 3 else [1.5, 0.8]

    def turned(k, new):
        if k == 2:
            new.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]

    def smaller(k, new):
        if k == 4:
            new.Rows, new.PixelData = ROWS // 2, STORED[k, : ROWS // 2].tobytes()

    def unplaced(k, new):
        if k == 1:
            del new.ImagePositionPatient

    assert "slice3 has pixels of 1.5 x 0.8 mm" in problem(classic(tmp_path / "a", change=spacing))
    assert "file slice4 lies in another plane" in problem(classic(tmp_path / "b", change=turned))
    assert "file slice2 has 128 x 192 x 1 pixels" in problem(classic(tmp_path / "c", change=smaller))
    assert "file slice5 has no position" in problem(classic(tmp_path / "d", change=unplaced))


def test_uneven_slices_are_refused_by_name(tmp_path):
    even = [START + 2 * k * NORMAL for k in range(COUNT)]
    line = problem(classic(tmp_path / "a", even[:3] + even[4:]))
    assert "not evenly spaced: its file slice2 lies" in line
    assert "4 mm (along a row, down a column, across) from its file slice3" in line
    aside = [*even[:3], even[3] + 0.5 * DIRECTIONS[0], *even[4:]]
    assert "not evenly spaced: its file slice3 lies 0.5 x" in problem(classic(tmp_path / "b", aside))
    twice = [*even[:4], even[3], even[4]]
    assert "lies in the same place as its file slice" in problem(classic(tmp_path / "c", twice))
    drifting = [START + (2 * k + 0.045 * k * k) * NORMAL for k in range(COUNT)]
    assert "file slice" in problem(classic(tmp_path / "d", drifting))


@pytest.mark.parametrize("slope", [0, 2])
def test_a_slope_of_0_is_refused(tmp_path, slope):
    folder = classic(tmp_path / "s", change=lambda k, new: setattr(new, "RescaleSlope", slope if k == 2 else 2))
    if slope:
        check(read_volume(folder), slopes=2)
    else:
        assert "file slice4 has a rescale slope of 0" in problem(folder)


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "PALETTE COLOR"),
        ({"BitsStored": 12, "HighBit": 15}, "stores 12 bits below bit 15"),
        ({"PixelSpacing": [0, 0.75]}, "sizes above 0"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "two orthogonal ones"),
        ({"ImagePositionPatient": [1, 2]}, "3 finite numbers would be right"),
        ({"Rows": None}, "has no Rows"),
        ({"Rows": 300}, "should hold 115200 bytes of voxels, it has 98304"),
    ],
)
def test_a_header_that_is_not_understood_is_refused_in_words(tmp_path, elements, words):
    def change(k, new):
        for name, value in elements.items():
            setattr(new, name, value)

    folder = classic(tmp_path / "s", change=change)
    assert words in problem(folder)
    assert "its file slice" in problem(folder)


def test_a_table_of_values_is_refused(tmp_path):
    def table(k, new):
        new.ModalityLUTSequence = group(LUTDescriptor=[4, 0, 16], ModalityLUTType="US", LUTData=b"\0" * 8)

    assert "Modality LUT" in problem(classic(tmp_path / "s", change=table))


@pytest.mark.parametrize("planar", [0, 1])
def test_colours_become_three_channels(tmp_path, planar):
    colour = np.random.default_rng(1).integers(0, 256, (COUNT, ROWS, COLUMNS, 3)).astype(np.uint8)

    def retype(k, new):
        new.SamplesPerPixel, new.PhotometricInterpretation, new.PlanarConfiguration = 3, "RGB", planar
        new.BitsAllocated, new.BitsStored, new.HighBit = 8, 8, 7
        new.PixelData = (np.moveaxis(colour[k], 2, 0) if planar else colour[k]).tobytes()

    volume = read_volume(classic(tmp_path / "s", change=retype))
    np.testing.assert_array_equal(volume.array, np.transpose(colour, (2, 1, 0, 3)))


def test_a_distance_of_0_between_slices_refuses_no_good_data(tmp_path):
    def distance(k, new):
        new.SpacingBetweenSlices = 0

    check(read_volume(classic(tmp_path / "s", change=distance)))
    single = read_volume(tmp_path / "s" / "slice6")
    np.testing.assert_allclose(single.affine, true_affine(), atol=1e-6)
    assert single.array.shape == (COLUMNS, ROWS, 1)


def test_larger_is_brighter_though_the_file_says_otherwise(tmp_path):
    def invert(k, new):
        new.PhotometricInterpretation = "MONOCHROME1"

    volume = read_volume(classic(tmp_path / "a", change=invert))
    check(volume, int(STORED.min()) + int(STORED.max()) - STORED.astype(int))
    assert volume.notes == ("MONOCHROME1: inverted, so that larger is brighter",)
    mixed = classic(tmp_path / "b", change=lambda k, new: invert(k, new) if k == 1 else None)
    assert "MONOCHROME1" in problem(mixed)
    assert "slice5" in problem(mixed)


def test_a_mosaic_is_refused_but_an_enhanced_file_that_kept_the_word_is_not(tmp_path):
    def word(new):
        new.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]

    folder = classic(tmp_path / "a", change=lambda k, new: word(new))
    assert "slice1 is a mosaic" in problem(folder)
    check(read_volume(enhanced(tmp_path / "b.dcm", change=word)), intercepts=-np.arange(COUNT))


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_files_without_a_preamble_are_read(tmp_path, syntax):
    folder = classic(tmp_path / "s", syntax=syntax)
    for file in folder.iterdir():
        content = pydicom.dcmread(file)
        bare = io.BytesIO()
        pydicom.dcmwrite(bare, strip(content), implicit_vr=syntax.is_implicit_VR, little_endian=True)
        assert bare.getvalue()[128:132] != b"DICM"
        file.write_bytes(bare.getvalue())
    check(read_volume(folder))


def strip(content):
    """A data set without preamble and file meta information."""
    bare = Dataset()
    bare.update(content)
    return bare


def test_what_is_left_out_is_noted(tmp_path):
    folder = classic(tmp_path / "s")
    (folder / "README.txt").write_text("about this series")
    volume = read_volume(folder)
    check(volume)
    assert volume.notes == ("files without a DICOM image left out: 1 (README.txt)",)
    (folder / "lost.dcm").write_bytes(b"")
    assert "lost.dcm is no DICOM file, or truncated" in problem(folder)


def test_pictures_without_positions_are_ordered_by_number(tmp_path):
    def unplaced(k, new):
        del new.ImagePositionPatient

    volume = read_volume(classic(tmp_path / "a", change=unplaced))
    np.testing.assert_array_equal(volume.array, STORED[::-1].T)
    np.testing.assert_allclose(volume.spacing, [0.75, 1.5, 2])
    assert "no positions" in volume.notes[0]

    def skipping(k, new):
        unplaced(k, new)
        new.InstanceNumber = k + (k > 2)

    assert "number 4 after 2" in problem(classic(tmp_path / "b", change=skipping))


# ---- enhanced files ---------------------------------------------------------------------------------------------

SLOPES = np.array([1, 0.5, 3, 1.25, 2, 0.01])


def test_an_enhanced_file_has_the_slope_and_the_place_of_each_frame(tmp_path):
    volume = read_volume(enhanced(tmp_path / "a.dcm", order=[3, 0, 5, 1, 4, 2], slopes=SLOPES))
    check(volume, slopes=SLOPES, intercepts=-np.arange(COUNT))
    np.testing.assert_allclose(volume.spacing, [0.75, 1.5, 2], atol=1e-6)


def test_an_enhanced_file_of_simpleitk_is_what_was_written(tmp_path):
    image = itk_image()
    image.SetMetaData("0008|0060", "MR")
    sitk.WriteImage(image, tmp_path / "a.dcm")
    volume = read_volume(tmp_path / "a.dcm")
    array, affine = independent(sitk.ReadImage(tmp_path / "a.dcm"))
    np.testing.assert_array_equal(volume.array, array)
    np.testing.assert_allclose(volume.affine, affine, atol=1e-5)
    check(volume)


def test_an_enhanced_file_with_a_missing_frame_is_refused_by_name(tmp_path):
    assert "frame 4 of its file a.dcm lies" in problem(enhanced(tmp_path / "a.dcm", order=[0, 1, 2, 4, 5]))
    assert "same place" in problem(enhanced(tmp_path / "b.dcm", order=[0, 1, 2, 0, 1, 2]))


def test_an_enhanced_file_with_gantry_tilt_has_a_sheared_affine(tmp_path):
    step = 2 * NORMAL - 0.5 * DIRECTIONS[0]
    volume = read_volume(enhanced(tmp_path / "a.dcm", positions=[START + k * step for k in range(COUNT)]))
    check(volume, affine=true_affine(step), intercepts=-np.arange(COUNT))


def test_an_enhanced_file_whose_frames_differ_is_refused_by_name(tmp_path):
    def spacing(new):
        for k, frame in enumerate(new.PerFrameFunctionalGroupsSequence):
            frame.PixelMeasuresSequence = group(PixelSpacing=[1.5, 0.75 if k != 2 else 0.8])

    def fewer(new):
        del new.PerFrameFunctionalGroupsSequence[-1]

    assert "frame 3 of its file a.dcm has pixels of 1.5 x 0.8 mm" in problem(
        enhanced(tmp_path / "a.dcm", change=spacing)
    )
    assert "has 6 frames and describes 5" in problem(enhanced(tmp_path / "b.dcm", change=fewer))


def test_a_volume_may_lie_in_several_enhanced_files(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    enhanced(folder / "a", order=[0, 2, 4])
    enhanced(folder / "b", order=[5, 3, 1])
    volume = read_volume(folder)
    check(volume, intercepts=-np.arange(COUNT))
    assert set(volume.files) == {folder / "a", folder / "b"}


# ---- compression ------------------------------------------------------------------------------------------------

JPEG_LS = (
    "/9j/9wALCwEAAMABAREA/9oACAEBAAAAAAAAAAD86CEIiIkkkkqqqqqv/3//f/9//38AAAAAvmqqqqqqqqqqqqqqqqqqqqqqiIkkkkkkkkkk"
    "kkkkkkqqqqqqqqqg/3/hwfQQ5BDYI2CNgjYI2CbBNgmwTYJsE2CbBNgtgtgtgtgtgtgtgtgtgtgtgtgtgtgtgtg7B2DsHYOwdg7B2DsHYOwd"
    "g7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYO"
    "wdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwcAyvVf/f/9//3//f/9//3wAAAAAFK//f/9//3//f/9//3/4GP8wdg7B2DsHYOwd"
    "g7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYO"
    "wdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsHYOwdg7B2DsH"
    "YOD/2Q=="
)
"""A picture of 256 x 192 in four even parts, compressed by CharLS: no writer of JPEG-LS is among the packages."""


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_a_compressed_series_has_the_values_of_the_uncompressed_one(tmp_path, syntax):
    check(read_volume(classic(tmp_path / "s", change=lambda k, new: new.compress(syntax))))
    check(
        read_volume(enhanced(tmp_path / "a.dcm", change=lambda new: new.compress(syntax))), intercepts=-np.arange(COUNT)
    )


def test_a_deflated_series_is_read(tmp_path):
    check(read_volume(classic(tmp_path / "s", syntax=DeflatedExplicitVRLittleEndian)))


def test_a_jpeg_ls_series_is_read(tmp_path):
    picture = np.full((ROWS, COLUMNS), 1000)
    picture[:, 96:] += 500
    picture[128:] += 300

    def compress(k, new):
        new.PixelData = encapsulate([base64.b64decode(JPEG_LS)])
        new["PixelData"].is_undefined_length = True

    folder = classic(tmp_path / "s", change=compress, syntax=JPEGLSLossless)
    check(read_volume(folder), np.stack([picture] * COUNT))


def test_a_compression_that_is_not_read_is_named(tmp_path):
    def film(k, new):
        new.PixelData = encapsulate([b"\0" * 100])
        new["PixelData"].is_undefined_length = True

    line = problem(classic(tmp_path / "s", change=film, syntax=MPEG2MPML))
    assert "compressed as MPEG2 Main Profile / Main Level" in line
    assert "slice" in line


def test_damaged_compressed_pixels_are_refused(tmp_path):
    folder = classic(tmp_path / "s", change=lambda k, new: new.compress(JPEG2000Lossless))
    content = bytearray((folder / "slice2").read_bytes())
    content[-len(content) // 2 :] = bytes(len(content) // 2 + len(content) % 2)
    (folder / "slice2").write_bytes(content)
    assert "slice2" in problem(folder)


# ---- damage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.001, 0.003, 0.005, 0.3, 0.9999])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEG2000Lossless])
def test_a_truncated_slice_at_the_end_is_never_left_out(tmp_path, syntax, share):
    compress = None if syntax == ExplicitVRLittleEndian else lambda k, new: new.compress(syntax)
    folder = classic(tmp_path / "s", change=compress)
    content = (folder / "slice1").read_bytes()
    (folder / "slice1").write_bytes(content[: max(200, int(len(content) * share))])
    assert "slice1" in problem(folder)


def test_a_truncated_enhanced_file_is_refused(tmp_path):
    content = enhanced(tmp_path / "a.dcm").read_bytes()
    for length in (*range(200, 4000, 150), len(content) // 2, len(content) - 1):
        (tmp_path / "b.dcm").write_bytes(content[:length])
        assert problem(tmp_path / "b.dcm")


def test_a_large_element_that_is_cut_is_noticed(tmp_path):
    def private(k, new):
        new.add_new(0x7FE10010, "LO", "MRISR")
        new.add_new(0x7FE11001, "OB", b"\0" * 5000)

    folder = classic(tmp_path / "s", change=private)
    check(read_volume(folder))
    content = (folder / "slice2").read_bytes()
    (folder / "slice2").write_bytes(content[:-100])
    assert "its file slice2 is truncated" in problem(folder)


@pytest.mark.parametrize("syntax", [None, RLELossless])
def test_headers_are_read_without_their_pixels(tmp_path, syntax):
    import tracemalloc

    from mrisr.volumes._dicom_files import series_of

    compress = None if syntax is None else lambda k, new: new.compress(syntax)
    folder = classic(tmp_path / "s", change=compress)
    series_of(folder, None, 1)
    tracemalloc.start()
    headers, _ = series_of(folder, None, 1)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(headers) == COUNT
    # Less than the pixels of one of the six.
    assert held < STORED[0].nbytes


# ---- folders and headers as they are found ----------------------------------------------------------------------


def test_fine_slices_whose_positions_are_rounded_are_even(tmp_path):
    def fine(k, new):
        new.ImagePositionPatient = [f"{value:.2f}" for value in START + 0.1 * k * NORMAL + [0.003, 0.004, 0]]

    volume = read_volume(classic(tmp_path / "s", change=fine))
    np.testing.assert_array_equal(volume.array, STORED.T)
    np.testing.assert_allclose(volume.spacing, [0.75, 1.5, 0.1], atol=5e-3)
    gap = [START + 0.1 * (k + (k > 2)) * NORMAL for k in range(COUNT)]
    assert "not evenly spaced" in problem(classic(tmp_path / "t", gap))


def test_a_missing_slice_is_told_in_round_numbers_and_with_the_file_that_was_left_out(tmp_path):
    folder = classic(tmp_path / "s")
    (folder / "slice3").write_bytes(b"")
    line = problem(folder)
    assert "0 x 0 x 4 mm (along a row, down a column, across)" in line
    assert line.endswith("files without a DICOM image left out: 1 (slice3)")


def test_the_companions_that_macos_makes_are_no_slices(tmp_path):
    folder = classic(tmp_path / "s")
    (folder / "._slice1.dcm").write_bytes(b"\0\5\x16\7" * 500)
    check(read_volume(folder))
