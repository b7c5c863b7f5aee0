"""NRRD, MetaImage and MINC 2, read by SimpleITK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from ._claims import check_claim, check_size
from ._raw import Raw, choose_volume, reading
from .files import require_companions, volume_files
from .names import named_format

NAMES = {
    "nrrd": "a NRRD file (a .nhdr needs its data file beside it)",
    "metaimage": "a MetaImage file (a .mhd needs its data file beside it)",
    "minc": "a MINC file",
}
_PROGRAMS = {"nrrd": "NrrdImageIO", "metaimage": "MetaImageIO", "minc": "MINCImageIO"}
PICTURES = {".png": "PNGImageIO", ".jpg": "JPEGImageIO", ".jpeg": "JPEGImageIO"}
"""What reads a kind, and a picture by its suffix, in ITK.

ITK itself goes by the name, and does not know ``.MHA`` in upper case."""
MILLIMETRES = {"um": 1e-3, "\u00b5m": 1e-3, "\u03bcm": 1e-3, "micron": 1e-3, "cm": 10.0, "m": 1e3}
"""Units of length that a NRRD header may name, in mm."""
_NRRD_HEADER = 100_000
"""Bytes in which the header of a NRRD file stands."""
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read(path: Path, kind: str, volume_4d: str | int, limit: float) -> Raw:
    """Read one file; the affine is turned from ITK's LPS+ to RAS+."""
    with reading(NAMES[kind]):
        require_companions(path)
        files = volume_files(path)
        reader = image_reader(path, kind)
        check_header(reader, stored=sum(file.stat().st_size for file in files), limit=limit)
        image = reader.Execute()
        raw = raw_volume(image, files, volume_4d, colour=_is_colour(reader))
        if kind == "nrrd" and (unit := _unit(path)) in MILLIMETRES:
            raw.affine = np.diag([*[MILLIMETRES[unit]] * 3, 1]) @ raw.affine
            raw.notes.append(f"lengths in the header are in {unit}: turned into mm")
    if kind == "minc":
        # MINC's world is RAS+ already, and ITK 5.4 does not convert it (compared with nibabel's MINC 2 reader).
        raw.affine = LPS_TO_RAS @ raw.affine
    return raw


def image_reader(path: Path, kind: str) -> Any:
    """SimpleITK's reader of a file of one of `NAMES`, or of a PNG or JPEG picture."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reader = sitk.ImageFileReader()
    reader.SetImageIO(PICTURES[named_format(path).suffix] if kind == "pictures" else _PROGRAMS[kind])
    reader.SetFileName(str(path))
    return reader


def check_header(reader: Any, *, stored: int, limit: float) -> tuple[int, ...]:
    """Size of an image with its components last, from the header that a reader reads, checked by `check_claim`."""
    import SimpleITK as sitk

    reader.ReadImageInformation()
    components = reader.GetNumberOfComponents()
    claimed = (*reader.GetSize(), components)
    # Each format marks compression in its own way, so it is not checked here. ITK itself notices missing voxels.
    check_claim(claimed, 1, stored=stored, compressed=True, limit=limit)
    check_size(claimed, _bytes(sitk.GetPixelIDValueAsString(reader.GetPixelID())), limit)
    return claimed


def _bytes(pixel: str) -> int:
    """Bytes of one component, from ITK's words for a type of pixel: ``vector of 64-bit float``."""
    found = re.search(r"(\d+)-bit", pixel)
    return int(found[1]) // 8 if found else 1


def _is_colour(reader: Any) -> bool:
    """Whether three components of a voxel are colours. NRRD calls those of several volumes a list."""
    key = "NRRD_kinds[pixel]"
    return not (reader.HasMetaDataKey(key) and reader.GetMetaData(key) == "list")


def _unit(path: Path) -> str | None:
    """The first unit of length in the header of a NRRD file, which ITK does not tell."""
    with open(path, "rb") as file:
        header = file.read(_NRRD_HEADER).partition(b"\n\n")[0]
    found = re.search(rb'^space units:\s*"([^"]+)"', header, re.MULTILINE)
    return found[1].decode(errors="replace") if found else None


def raw_volume(image, files: list[Path], volume_4d: str | int, *, colour: bool = True) -> Raw:
    """Convert an ITK image to an array [X, Y, Z] or [X, Y, Z, 3] with its affine.

    ``colour`` says whether three components are colours. Otherwise components are volumes.
    """
    import SimpleITK as sitk

    array = sitk.GetArrayFromImage(image)
    components, dimension = image.GetNumberOfComponentsPerPixel(), image.GetDimension()
    # The axes of ITK's arrays are z, y, x and then the components of a voxel.
    scalar = components == 1 or np.iscomplexobj(array)
    array = array.T if scalar else np.moveaxis(array, -1, 0).T
    array = array.reshape(array.shape[:dimension] + (1,) * (3 - dimension) + array.shape[dimension:])
    colour = colour and components == 3 and dimension <= 3
    chosen = None if colour else choose_volume(array.shape, volume_4d)
    of = max(array.shape[3:], default=1)
    if not colour:
        array = array.reshape(*array.shape[:3], -1)[..., chosen or 0]
    notes = [] if chosen is None else [f"volume {chosen} of {of} taken"]
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
