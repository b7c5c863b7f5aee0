"""Reads a volume of any kind.

| kind | what | read by |
|---|---|---|
| ``nifti`` | .nii, .nii.gz | nibabel |
| ``analyze`` | .hdr and .img | nibabel |
| ``mgh`` | .mgh, .mgz | nibabel |
| ``minc`` | .mnc | nibabel (MINC 1), SimpleITK (MINC 2) |
| ``nrrd`` | .nrrd, .nhdr | SimpleITK |
| ``metaimage`` | .mha, .mhd | SimpleITK |
| ``dicom`` | a folder with one series, or a file; ``dicom:<SeriesInstanceUID>`` chooses a series | pydicom |
| ``bids`` | a folder with dataset_description.json; ``bids:sub-01/anat/T1w`` chooses an image | nibabel |
| ``pictures`` | .png, .jpg, .jpeg, .tif, .tiff: one, several pages, or a folder; ``pictures:<pattern>`` | both |

Volumes that are not three-dimensional real numbers are treated as follows:

| volume | default | option |
|---|---|---|
| 4-D, last dimension 1 | the one volume | |
| 4-D, several volumes | error | ``volume_4d: first``, or an index |
| complex | error | ``complex: magnitude`` |
| NaN or infinite voxels | error that counts them | ``nonfinite: zero`` |
| integers, scaled integers | float32, scaled as the header says | |
| RGB voxels, colour pictures | three channels, alpha left out | |
| affine not invertible, no voxels, claims more than the file holds | error | |
| larger than ``limit_gib`` once it is read | error | ``limit_gib`` |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError, suggestion
from mrisr.imaging.loaded import LoadedVolume

from . import _bids, _dicom, _itk, _nibabel, _pictures
from ._claims import LIMIT
from ._raw import Raw, finish
from .choices import Undecided
from .names import SUFFIXES, is_hidden, named_kind
from .row import KINDS, ROLES, Volume


def read_volume(
    path: str | os.PathLike,
    kind: str | None = None,
    *,
    column: str = "kind",
    volume_4d: str | int = "error",
    complex: str = "error",
    nonfinite: str = "error",
    limit_gib: float = LIMIT,
) -> LoadedVolume:
    """Read a volume.

    Parameters
    ----------
    path : path
        A file or a folder, see the first table above.
    kind : str, optional
        A kind of the first table. By default it is inferred from the name, or from the content of the folder.
    column : str
        Column of the manifest in which to choose another kind, for messages.
    volume_4d, complex, nonfinite
        Treatments, see the second table.
    limit_gib : float
        Largest size of all voxels that the header claims, in GiB. A voxel counts with 4 bytes (float32), or with more
        if the file has more. It is checked before voxels are decoded.

    Returns
    -------
    LoadedVolume
        float32 [X, Y, Z], or [X, Y, Z, 3] of a colour volume, in the file's units; affine to RAS+ mm.

    Raises
    ------
    InputError
        The volume is missing, empty, truncated, damaged, too large, of another kind, or needs a treatment. The message
        is one line that begins with the path.
    """
    path = Path(path)
    try:
        return finish(_read(path, kind, volume_4d, limit_gib), complex=complex, nonfinite=nonfinite)
    except Undecided as error:
        raise InputError(f"{path}: {error.line(column)}") from error
    except InputError as error:
        raise InputError(*(f"{path}: {problem}" for problem in error.problems)) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); see to its permissions") from error


def read_role(volume: Volume, role: str, settings: Mapping[str, Any]) -> LoadedVolume:
    """Read what a row of the manifest names in a column of `mrisr.volumes.row.ROLES`, treated as ``settings`` say.

    Raises
    ------
    InputError
        See `read_volume`. The lines about a column other than ``path`` begin with its name.
    """
    try:
        options = treatments(settings)
        return read_volume(getattr(volume, role), volume.kind_of(role), column=ROLES[role], **options)
    except InputError as error:
        before = "" if role == "path" else f"{role} "
        raise InputError(*(f"{before}{problem}" for problem in error.problems)) from error


def treatments(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the ``slices`` section that `read_volume` takes."""
    return {name: settings[name] for name in ("volume_4d", "complex", "nonfinite", "limit_gib") if name in settings}


def infer_kind(path: Path) -> str:
    """The kind of a file by its name, of a folder by its content."""
    if path.is_dir():
        return _infer_folder(path)
    if kind := named_kind(path):
        return kind
    if _dicom.is_dicom_file(path):
        return "dicom"
    raise InputError(f"is of no kind that its name tells; rename it ({', '.join(SUFFIXES)}) or set its kind")


def _infer_folder(path: Path) -> str:
    if (path / _bids.DESCRIPTION).is_file():
        return "bids"
    names = [member.name for member in path.iterdir()]
    files = sorted(member for member in path.iterdir() if member.is_file() and not is_hidden(member))
    other = [file for file in files if named_kind(file) != "pictures"]
    is_dicom = any(_dicom.is_dicom_file(file) for file in other)
    if len(other) < len(files):
        volumes = [file.name for file in other if named_kind(file)]
        if is_dicom:
            raise Undecided("holds DICOM files and pictures", ["dicom", "pictures"])
        if volumes:
            raise Undecided(
                f"holds pictures and {volumes[0]}: name that file itself, or take the pictures", ["pictures"]
            )
        return "pictures"
    if is_dicom:
        return "dicom"
    raise InputError(
        "is a folder with neither DICOM files, pictures (.png, .jpg) nor a BIDS dataset in it; name the file itself"
        if names
        else "is an empty folder; name a file, or a folder of DICOM files, pictures or a BIDS dataset"
    )


def _read(path: Path, kind: str | None, volume_4d: str | int, limit: float) -> Raw:
    if not path.exists():
        raise InputError("does not exist; give the path of a volume, relative to the current directory")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError("is an empty file; copy it again")
    family, _, choice = (kind or infer_kind(path)).partition(":")
    if family not in KINDS:
        raise InputError(f"there is no kind '{family}' ({suggestion(family, KINDS)})")
    if family == "bids":
        path, family = _bids.choose_image(path, choice or None), "nifti"
    if family == "pictures":
        return _pictures.read(path, limit, choice)
    if family == "dicom":
        return _dicom.read(path, choice or None, limit)
    if path.is_dir():
        raise InputError(f"is a folder, and a {family} volume is a file; name the file in it")
    if family in ("nrrd", "metaimage") or (family == "minc" and _is_hdf5(path)):
        return _itk.read(path, family, volume_4d, limit)
    return _nibabel.read(path, family, volume_4d, limit)


def _is_hdf5(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"\x89HDF"
