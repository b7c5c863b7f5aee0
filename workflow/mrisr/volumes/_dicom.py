"""DICOM series, chosen, ordered and checked by their headers (pydicom), their voxels read by SimpleITK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mrisr.errors import InputError

from ._itk import raw_volume
from ._raw import Raw, check_claim, reading

WHAT = "a DICOM series"
UNEVEN = 0.05
"""Largest deviation of two slices' distance from the mean, as a share of it: rounding stays far below."""
_UNDEFINED = 0xFFFFFFFF


def read(path: Path, series: str | None, volume_4d: str | int) -> Raw:
    """Read a file, the only series of a folder, or the one whose SeriesInstanceUID is ``series``."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with reading(WHAT):
        headers = _choose_series(path, series) if path.is_dir() else {path: _header(path)}
        ordered = _in_order(headers)
        image = sitk.ReadImage([str(name) for name in ordered] if len(ordered) > 1 else str(ordered[0]))
        return raw_volume(image, ordered, volume_4d)


def is_dicom_file(path: Path) -> bool:
    """Whether a file has the mark of a DICOM file."""
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def _choose_series(folder: Path, series: str | None) -> dict[Path, Any]:
    """Headers of the images of one series of a folder, by file."""
    found: dict[str, dict[Path, Any]] = {}
    for path in sorted(p for p in folder.iterdir() if p.is_file() and is_dicom_file(p)):
        header = _header(path)
        if "PixelData" in header:
            found.setdefault(str(header.SeriesInstanceUID), {})[path] = header
    if not found:
        raise InputError("holds no DICOM image; name the folder whose files are DICOM")
    kinds = ", ".join(f"dicom:{name}" for name in found)
    if series is None and len(found) > 1:
        raise InputError(f"holds {len(found)} DICOM series; set kind to one of {kinds}")
    if series is not None and series not in found:
        raise InputError(f"holds no DICOM series '{series}'; set kind to one of {kinds}")
    return found[series or next(iter(found))]


def _header(path: Path) -> Any:
    """Read a header and check its image's size, for ITK fills up pixels that are missing with anything."""
    import pydicom

    with reading(f"a DICOM file ({path.name})"):
        header, size = pydicom.dcmread(path, defer_size=1024), path.stat().st_size
        elements = (header.get_item(tag) for tag in header.keys())  # noqa: SIM118 (iterating gives converted elements)
        if any(_end(element) > size for element in elements):
            raise InputError(f"its file {path.name} is truncated: it has {size} bytes, its header speaks of more")
        if "PixelData" not in header:
            return header
        encoding, pixels = header.file_meta.TransferSyntaxUID, header.get_item("PixelData")
        shape = (header.Rows, header.Columns, int(header.get("NumberOfFrames", 1) or 1), header.SamplesPerPixel)
        compressed = encoding.is_encapsulated or encoding.is_deflated or pixels.length == _UNDEFINED
        present = size if compressed else pixels.length
    try:
        check_claim(shape, max(1, header.BitsAllocated // 8), stored=present, compressed=compressed)
    except InputError as error:
        raise InputError(*(f"its file {path.name} {problem}" for problem in error.problems)) from error
    return header


def _end(element: Any) -> int:
    """Where in the file an element ends; 0 where its header does not say."""
    length = getattr(element, "length", _UNDEFINED)
    return 0 if length == _UNDEFINED else element.value_tell + length


def _in_order(headers: dict[Path, Any]) -> list[Path]:
    """The files by position along the slices' normal, which has to be even; by number where there are no positions."""
    placed = {p: h for p, h in headers.items() if "ImagePositionPatient" in h and "ImageOrientationPatient" in h}
    if len(headers) < 2 or len(placed) < len(headers):
        return sorted(headers, key=lambda path: (int(headers[path].get("InstanceNumber", 0) or 0), path.name))
    turned = np.array([h.ImageOrientationPatient for h in placed.values()], float)
    if np.abs(turned - turned[0]).max() > UNEVEN:
        raise InputError("the slices of its DICOM series lie in different planes; give one whole volume")
    normal = np.cross(turned[0, :3], turned[0, 3:])
    heights = {path: float(normal @ np.array(h.ImagePositionPatient, float)) for path, h in placed.items()}
    ordered = sorted(heights, key=lambda path: heights[path])
    gaps = np.diff([heights[path] for path in ordered])
    if np.abs(gaps - gaps.mean()).max() > UNEVEN * gaps.mean() or gaps.mean() == 0:
        raise InputError(
            f"the {len(ordered)} slices of its DICOM series are not evenly spaced ({gaps.min():.3g} to "
            f"{gaps.max():.3g} mm): one is missing, or there are several volumes; give one whole volume"
        )
    return ordered
