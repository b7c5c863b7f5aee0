"""Files that are larger than they look are refused before their voxels are decoded."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import struct
import subprocess
import sys
import zlib

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import tifffile
from mrisr.errors import InputError
from mrisr.registration.stage import run as register
from mrisr.volumes._claims import BLOCK, SLACK
from mrisr.volumes.check import check_volumes
from mrisr.volumes.header import read_header
from mrisr.volumes.readers import read_volume
from mrisr.volumes.row import Volume
from mrisr.volumes.slicing import run
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

SMALL = 0.001
"""A limit in GiB that 263,000 voxels exceed."""
SHAPE = (64, 64, 70)
RNG = np.random.default_rng(0)
ARRAY = RNG.integers(0, 2, SHAPE).astype(np.uint8)
PICTURE = RNG.integers(0, 2, (600, 600)).astype(np.uint8)


def problem(path, *args, **options):
    with pytest.raises(InputError) as caught:
        read_volume(path, *args, **options)
    (line,) = caught.value.problems
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line


def zeros_in_gzip(path, start=b"", megabytes=300):
    """A gzip file that begins with some bytes and goes on with zeros: 0.3 MB for 300."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(start)
        for _ in range(megabytes):
            file.write(bytes(2**20))
    return path


def black_png(path, side):
    """A grey picture of zeros, written stripe by stripe."""
    packer = zlib.compressobj(1)
    packed = b"".join([packer.compress(bytes(side + 1)) for _ in range(side)] + [packer.flush()])

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b""),
    )
    return path


def dicom(path, *, rows=64, columns=64, frames=1, syntax=ExplicitVRLittleEndian, pixels=None):
    new = pydicom.Dataset()
    new.file_meta = pydicom.dataset.FileMetaDataset()
    new.file_meta.TransferSyntaxUID = syntax
    new.SOPClassUID, new.SOPInstanceUID = pydicom.uid.MRImageStorage, pydicom.uid.generate_uid()
    new.Rows, new.Columns, new.NumberOfFrames, new.SamplesPerPixel = rows, columns, frames, 1
    new.BitsAllocated = new.BitsStored = 8
    new.HighBit, new.PixelRepresentation, new.PhotometricInterpretation = 7, 0, "MONOCHROME2"
    new.PixelData = bytes(rows * columns * frames) if pixels is None else pixels
    pydicom.dcmwrite(path, new, enforce_file_format=True)
    return path


def _nibabel(path):
    kind = {"img": nib.Spm99AnalyzeImage, "mgz": nib.MGHImage, "mgh": nib.MGHImage}
    nib.save(kind.get(path.name.split(".")[-1], nib.Nifti1Image)(ARRAY, np.eye(4)), path)


def _itk(path):
    sitk.WriteImage(sitk.GetImageFromArray(ARRAY), path, useCompression=True)


def _pictures(path):
    path.mkdir()
    for number in range(SHAPE[2]):
        sitk.WriteImage(sitk.GetImageFromArray(ARRAY[..., number]), path / f"{number}.png")


def _series(path):
    path.mkdir()
    series = pydicom.uid.generate_uid()
    for number in range(SHAPE[2]):
        file = dicom(path / f"{number}.dcm")
        new = pydicom.dcmread(file)
        new.SeriesInstanceUID, new.InstanceNumber = series, number + 1
        new.save_as(file)


WRITERS = {
    **dict.fromkeys(("a.nii", "a.nii.gz", "a.nii.bz2", "A.NII.GZ", "a.img", "a.mgh", "a.mgz"), _nibabel),
    **dict.fromkeys(("a.nrrd", "a.mha", "a.mhd"), _itk),
    "a.png": lambda path: sitk.WriteImage(sitk.GetImageFromArray(PICTURE), path),
    "a.jpg": lambda path: sitk.WriteImage(sitk.GetImageFromArray(PICTURE.astype(np.uint8)), path),
    "a.tif": lambda path: tifffile.imwrite(path, ARRAY.T, photometric="minisblack", compression="zlib"),
    "last page.tif": lambda path: _two_pages(path),
    "pictures": _pictures,
    "series": _series,
    "frames.dcm": lambda path: dicom(path, frames=SHAPE[2]),
    "deflated.dcm": lambda path: dicom(path, frames=SHAPE[2], syntax=DeflatedExplicitVRLittleEndian),
}


def _two_pages(path):
    with tifffile.TiffWriter(path) as file:
        file.write(ARRAY[..., 0])
        file.write(PICTURE)


@pytest.mark.parametrize("name", WRITERS)
def test_every_reader_refuses_what_exceeds_the_limit_and_names_size_limit_and_key(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    kind = "nifti" if name.endswith("bz2") else None
    line = problem(path, kind, limit_gib=SMALL)
    assert "GiB" in line
    assert "the limit is 0.001 GiB; raise slices.limit_gib" in line
    if name != "last page.tif":
        assert read_volume(path, kind, limit_gib=0.01).array.size in (ARRAY.size, PICTURE.size)


@pytest.mark.parametrize(("dtype", "bytes_each"), [(np.uint8, 4), (np.float32, 4), (np.float64, 8)])
@pytest.mark.parametrize("name", ["a.nii", "a.nrrd", "a.mha"])
def test_a_voxel_counts_as_float32_or_as_more(tmp_path, name, dtype, bytes_each):
    array, path = np.ones((32, 32, 32), dtype), tmp_path / name
    if name == "a.nii":
        nib.save(nib.Nifti1Image(array, np.eye(4)), path)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(array), path)
    size = 32**3 * bytes_each / 2**30
    assert read_volume(path, limit_gib=size).array.size == 32**3
    assert "32 x 32 x 32" in problem(path, limit_gib=size * 0.999)


def test_a_png_of_40000_by_40000_is_refused_by_its_header(tmp_path):
    path = black_png(tmp_path / "a.png", 40_000)
    assert path.stat().st_size < 10_000_000
    line = problem(path)
    assert "40000 x 40000" in line
    assert "5.96 GiB once they are read; the limit is 4 GiB; raise slices.limit_gib" in line


def test_a_small_png_of_the_same_kind_is_read(tmp_path):
    assert read_volume(black_png(tmp_path / "a.png", 100)).array.shape == (100, 100, 1)


# ---- files that expand beyond their headers ---------------------------------------------------------------------


def header_of(kind, shape, dtype=np.uint8):
    image = kind(np.zeros((1, 1, 1), dtype), np.eye(4))
    image.header.set_data_shape(shape)
    return image.header


def nifti_start(shape=(10, 10, 10), extension=None):
    header = header_of(nib.Nifti1Image, shape)
    header["vox_offset"], header["magic"] = 352 if extension is None else 352 + extension, b"n+1"
    flag = bytes(4) if extension is None else b"\1\0\0\0" + struct.pack("<ii", extension, 4)
    return header.binaryblock + flag


def mgh_start(shape=(10, 10, 10)):
    file = io.BytesIO()
    header_of(nib.MGHImage, shape).writehdr_to(file)
    return file.getvalue()


@contextlib.contextmanager
def counted_reads(monkeypatch):
    """The number of decompressed bytes that are taken from gzip files."""
    taken = [0]
    read = gzip._GzipReader.read

    def counting(self, size=-1):
        found = read(self, size)
        taken[0] += len(found)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(gzip._GzipReader, "read", counting)
        yield taken


@pytest.mark.parametrize(
    ("name", "start"), [("a.nii.gz", nifti_start()), ("A.NII.GZ", nifti_start()), ("a.mgz", mgh_start())]
)
def test_a_gzip_that_expands_beyond_its_header_is_read_no_further(tmp_path, monkeypatch, name, start):
    path = zeros_in_gzip(tmp_path / name, start)
    with counted_reads(monkeypatch) as taken:
        assert "its header speaks of 1" in problem(path)
    # The header is sought in the first block.
    assert 0 < taken[0] <= SLACK + 5 * BLOCK


def test_an_extension_of_any_length_is_not_read_into_memory(tmp_path, monkeypatch):
    path = zeros_in_gzip(tmp_path / "a.nii.gz", nifti_start(extension=290 * 2**20))
    with counted_reads(monkeypatch) as taken:
        assert "truncated, damaged" in problem(path)
        assert read_header(path, None, "axial")["axis"] == 2
    assert 0 < taken[0] < 2 * 66 * 2**20


def test_a_long_extension_is_read(tmp_path):
    image = nib.Nifti1Image(ARRAY, np.eye(4))
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"x" * (3 * 2**20)))
    nib.save(image, tmp_path / "a.nii.gz")
    assert np.array_equal(read_volume(tmp_path / "a.nii.gz").array, ARRAY)
    assert read_header(tmp_path / "a.nii.gz", None, "axial")["shape"] == list(SHAPE)


def test_planning_reads_the_start_of_a_compressed_file_only(tmp_path, monkeypatch):
    path = zeros_in_gzip(tmp_path / "a.mgz", mgh_start((100, 1000, 1000)))
    with counted_reads(monkeypatch) as taken:
        assert read_header(path, None, "axial")["shape"] == [100, 1000, 1000]
    assert 0 < taken[0] < 3 * BLOCK


def test_a_bzip2_file_that_expands_beyond_its_header_is_refused(tmp_path):
    (tmp_path / "a.nii.bz2").write_bytes(bz2.compress(nifti_start() + bytes(30 * 2**20)))
    assert "expands to more than" in problem(tmp_path / "a.nii.bz2", "nifti")


def test_a_damaged_checksum_of_a_name_in_capitals_is_noticed(tmp_path):
    path = tmp_path / "A.NII.GZ"
    _nibabel(path)
    content = bytearray(path.read_bytes())
    content[-6] ^= 255
    path.write_bytes(content)
    assert "CRC" in problem(path)


def test_a_nifti_header_that_claims_far_too_much_is_refused(tmp_path):
    path = zeros_in_gzip(tmp_path / "a.nii.gz", nifti_start((30_000, 30_000, 2)), megabytes=20)
    assert "more than the file can hold" in problem(path)
    zeros_in_gzip(path, nifti_start((30_000, 30_000, 2)), megabytes=300)
    assert "holds 30000 x 30000 x 2 voxels, 6.706 GiB" in problem(path)


def test_a_tiff_whose_strips_expand_beyond_its_header_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((4000, 4000), np.uint8), compression="zlib", rowsperstrip=4000)
    for code, value in ((256, 40), (257, 40), (278, 40)):
        with tifffile.TiffFile(path, mode="r+") as file:
            file.pages[0].tags[code].overwrite(value)
    assert "has a page of 40 x 40 voxels whose data expand to more" in problem(path)


def test_a_tiff_that_claims_far_too_much_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((400, 400), np.uint8), compression="zlib", rowsperstrip=400)
    for code, value in ((256, 60_000), (257, 60_000), (278, 60_000)):
        with tifffile.TiffFile(path, mode="r+") as file:
            file.pages[0].tags[code].overwrite(value)
    assert "60000 x 60000 voxels, more than the file can hold" in problem(path)


def test_a_tiff_without_a_page_is_refused(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0" + bytes(4))
    assert "without a page" in problem(tmp_path / "a.tif")


def test_a_deflated_dicom_file_is_inflated_no_further_than_the_limit(tmp_path):
    path = dicom(tmp_path / "a.dcm", syntax=DeflatedExplicitVRLittleEndian, pixels=bytes(60 * 2**20))
    line = problem(path, limit_gib=0.01)
    assert "its file a.dcm expands to more than 0.01" in line
    assert "slices.limit_gib" in line


def test_a_dicom_file_of_many_frames_is_refused_before_its_frames_are_listed(tmp_path):
    path = dicom(tmp_path / "a.dcm", rows=1, columns=1, frames=300_000)
    assert "1 x 1 x 300000 x 1 voxels" in problem(path, limit_gib=SMALL)


# ---- memory and the jobs ----------------------------------------------------------------------------------------

CHILD = """
import resource, sys
from mrisr.errors import InputError
from mrisr.volumes.readers import read_volume
import nibabel, SimpleITK, tifffile, pydicom
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        read_volume(path, limit_gib=0.25)
    except InputError:
        pass
    else:
        raise SystemExit(path)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_refusing_bombs_takes_little_memory(tmp_path):
    paths = [
        zeros_in_gzip(tmp_path / "a.nii.gz", nifti_start()),
        zeros_in_gzip(tmp_path / "b.mgz", mgh_start()),
        black_png(tmp_path / "c.png", 17_000),
    ]
    told = subprocess.run([sys.executable, "-c", CHILD, *paths], capture_output=True, text=True, check=True)
    assert float(told.stdout) < 100


SETTINGS = {"axis": "axial", "minimum": 8, "multiple": 2}


@pytest.fixture
def row(tmp_path):
    _nibabel(tmp_path / "a.nii.gz")
    return Volume("ann", tmp_path / "a.nii.gz", "train")


def test_the_check_and_the_jobs_refuse_alike(tmp_path, row):
    for volume in (
        row,
        Volume("ann", row.path, "train", mask=row.path),
        Volume("ann", row.path, "train", lr_path=row.path),
    ):
        with pytest.raises(InputError, match=r"ann.*raise slices.limit_gib"):
            check_volumes([volume], SETTINGS | {"limit_gib": SMALL, "manifest": "m"}, None)
    with pytest.raises(InputError, match=r"ann.*raise slices.limit_gib"):
        run({}, {"slices": str(tmp_path / "out")}, settings=SETTINGS, identity="x", volume=row, limit_gib=SMALL)
    run({}, {"slices": str(tmp_path / "out")}, settings=SETTINGS, identity="x", volume=row, limit_gib=1)
    scan = Volume("ann", row.path, "train", lr_path=row.path)
    told = {"settings": {"scale": 2, "slices": SETTINGS, "options": {}}, "identity": "x", "picture": "none"}
    with pytest.raises(InputError, match=r"ann.*raise slices.limit_gib"):
        register({"slices": str(tmp_path / "out")}, {"slices": "unused"}, volume=scan, limit_gib=SMALL, **told)
