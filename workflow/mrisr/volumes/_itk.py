"""NRRD, MetaImage, MINC 2 and DICOM, read by SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mrisr.errors import InputError

from ._loaded import Raw, check_claim, choose_volume, reading

NAMES = {
    "nrrd": "a NRRD file (a .nhdr needs its data file beside it)",
    "metaimage": "a MetaImage file (a .mhd needs its data file beside it)",
    "minc": "a MINC file",
    "dicom": "a DICOM series",
}
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
UNEVEN = 0.05
"""Largest deviation of a slice from its place in a DICOM series, in slice distances: rounding stays far below."""


def read(path: Path, kind: str, volume_4d: str | int) -> Raw:
    """Read one file; the affine is turned from ITK's LPS+ to RAS+."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with reading(NAMES[kind]):
        _check_header(sitk, path, attached=path.suffix.lower() not in (".mhd", ".nhdr"))
        return _raw(sitk.ReadImage(str(path)), [path], volume_4d)


def read_series(folder: Path, series: str | None, volume_4d: str | int) -> Raw:
    """Read the DICOM series of a folder, or the one whose SeriesInstanceUID is ``series``."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with reading(NAMES["dicom"]):
        found = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
        if series is None and len(found) > 1:
            raise InputError(f"holds {len(found)} DICOM series; set kind to one of {_kinds(found)}")
        if not found or (series is not None and series not in found):
            wanted = "no DICOM series" if series is None else f"no DICOM series '{series}'"
            raise InputError(f"holds {wanted}; {'set kind to one of ' + _kinds(found) if found else 'name its folder'}")
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series or found[0])
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(names)
        _check_header(sitk, Path(names[0]))
        image = reader.Execute()
        _check_spacing(image, len(names))
        return _raw(image, sorted(Path(name) for name in names), volume_4d)


def is_dicom_file(path: Path) -> bool:
    """Whether a file has the mark of a DICOM file."""
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def _kinds(series: tuple[str, ...]) -> str:
    return ", ".join(f"dicom:{name}" for name in series)


def _check_spacing(image, slices: int) -> None:
    key = "ITK_non_uniform_sampling_deviation"
    spacing = image.GetSpacing()[2]
    if slices > 1 and image.HasMetaDataKey(key) and float(image.GetMetaData(key)) > UNEVEN * spacing:
        raise InputError(
            f"the {slices} slices of its DICOM series are not evenly spaced ({float(image.GetMetaData(key)):.3g} mm "
            "off): one is missing, or there are several volumes; give one whole volume"
        )


def _check_header(sitk, path: Path, *, attached: bool = True) -> None:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    # Whether the voxels are compressed, each format says in its own way; ITK notices itself when some are missing.
    claimed = (*reader.GetSize(), reader.GetNumberOfComponents())
    check_claim(claimed, 1, stored=path.stat().st_size if attached else None, compressed=True)


def _raw(image, files: list[Path], volume_4d: str | int) -> Raw:
    import SimpleITK as sitk

    array = sitk.GetArrayFromImage(image)
    components, dimension = image.GetNumberOfComponentsPerPixel(), image.GetDimension()
    # ITK's axes are z, y, x and then the components of a voxel.
    scalar = components == 1 or np.iscomplexobj(array)
    array = array.T if scalar else np.moveaxis(array, -1, 0).T
    array = array.reshape(array.shape[:dimension] + (1,) * (3 - dimension) + array.shape[dimension:])
    colour = components == 3 and dimension <= 3
    chosen = None if colour else choose_volume(array.shape, volume_4d)
    if not colour:
        array = array.reshape(*array.shape[:3], -1)[..., chosen or 0]
    notes = [] if chosen is None else [f"volume {chosen} of {max(components, image.GetSize()[-1])} taken"]
    return Raw(array, _affine(image), files, channels=colour, notes=notes)


def _affine(image) -> np.ndarray:
    """Voxel index to RAS+ mm: direction cosines times spacing, and the origin, with x and y negated."""
    dimension = image.GetDimension()
    direction = np.array(image.GetDirection()).reshape(dimension, dimension)
    used = min(dimension, 3)
    affine = np.eye(4)
    affine[:used, :used] = (direction * np.array(image.GetSpacing()))[:used, :used]
    affine[:used, 3] = image.GetOrigin()[:used]
    return LPS_TO_RAS @ affine
