"""BIDS datasets: chooses one image of the folder."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mrisr.errors import InputError

from .choices import Undecided, is_writable
from .names import named_format

DESCRIPTION = "dataset_description.json"
NOT_RAW = ("derivatives", "sourcedata", "code")
ANATOMICAL = (
    "T1w",
    "T2w",
    "PDw",
    "T2starw",
    "FLAIR",
    "inplaneT1",
    "inplaneT2",
    "PDT2",
    "angio",
    "T2star",
    "FLASH",
    "PD",
)
"""Suffixes of anatomical scans in BIDS 1.9 (non-parametric images); the last three are deprecated there."""
_NO_MAGNITUDE = ("part-phase", "part-real", "part-imag")


@dataclass(frozen=True)
class _Image:
    """An image of a dataset, named relative to it: ``file`` with its suffix, ``name`` without."""

    file: str
    name: str

    @property
    def folders(self) -> tuple[str, ...]:
        return PurePosixPath(self.name).parts[:-1]

    @property
    def pieces(self) -> list[str]:
        return PurePosixPath(self.name).name.split("_")

    @property
    def is_anatomical(self) -> bool:
        return "anat" in self.folders and self.pieces[-1] in ANATOMICAL


def choose_image(root: Path, selection: str | None) -> Path:
    """The NIfTI image that a selection such as ``sub-01/anat/T1w`` names; without one, the only anatomical image.

    A selection that is the whole path of an image, with or without its suffix, names that image. Otherwise an image
    fits if its folders include the selection's folders, and its name includes the parts of the selection's last element
    (``run-2_T1w``). A selection without a type of image (``sub-01``) means an anatomical one. Phase, real and imaginary
    parts only fit if their part is named.

    Raises
    ------
    InputError
        No image or several images fit; `Undecided` lists the choices.
    """
    if not root.is_dir():
        raise InputError("is no folder, and a BIDS dataset is one; name the folder with its dataset_description.json")
    images = list(_images(root))
    selection = selection and selection.strip("/")
    exact = _named(selection, images) if selection else None
    fitting = [exact] if exact else [image for image in images if _fits(image, selection)]
    if len(fitting) == 1:
        return root / fitting[0].file
    number = f"{len(fitting)} images" if fitting else "no image"
    some = f"{number} that {'fit' if fitting else 'fits'} {selection!r}" if selection else f"{number} of the anatomy"
    offered = fitting or sorted(images, key=lambda image: -_shared(image, selection))
    choices = _choices(offered, images)
    if choices:
        raise Undecided(f"the BIDS dataset has {some}", choices)
    unwritable = "; their names have characters that end lines, so rename them" if images else " and none at all"
    raise InputError(f"the BIDS dataset has {some}{unwritable}")


def _images(root: Path) -> Iterator[_Image]:
    """The raw images of a dataset in the order of their names. Hidden folders hold what a program keeps there."""
    found = []
    for folder, folders, files in os.walk(root):
        inner = PurePosixPath(os.path.relpath(folder, root))
        hidden = [name for name in folders if name.startswith(".") or (inner == PurePosixPath() and name in NOT_RAW)]
        folders[:] = sorted(set(folders) - set(hidden))
        for name in files:
            told = named_format(name)
            if told.kind == "nifti" and not name.startswith(".") and os.path.isfile(os.path.join(folder, name)):
                found.append(_Image(str(inner / name), str(inner / told.stem)))
    yield from sorted(found, key=lambda image: image.file)


def _named(selection: str, images: Sequence[_Image]) -> _Image | None:
    """The one image whose whole path a selection is: as it is written, or with its accents in another Unicode form."""
    for same in (str, _composed):
        for full in (lambda image: image.file, lambda image: image.name):
            found = [image for image in images if same(full(image)) == same(selection)]
            if len(found) == 1:
                return found[0]
    return None


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _fits(image: _Image, selection: str | None) -> bool:
    path = PurePosixPath(_composed(selection or ""))
    folders, pieces = {_composed(f) for f in image.folders}, {_composed(piece) for piece in image.pieces}
    wanted = set(_pieces(path))
    if not (set(path.parts[:-1]) <= folders and wanted <= pieces):
        return False
    if any(part in pieces and part not in wanted for part in _NO_MAGNITUDE):
        return False
    has_type = any("-" not in piece for piece in wanted)
    other_data = any(folder != "anat" and not folder.startswith(("sub-", "ses-")) for folder in path.parts[:-1])
    return has_type or other_data or image.is_anatomical


def _pieces(path: PurePosixPath) -> list[str]:
    """The parts of the name that a selection ends with; its suffix does not count."""
    told = named_format(path)
    name = told.stem if told.kind == "nifti" else path.name
    return [piece for piece in name.split("_") if piece]


def _shared(image: _Image, selection: str | None) -> int:
    """How much of a selection an image has, so that the nearest are listed first."""
    path = PurePosixPath(selection or "")
    return len({*path.parts[:-1], *_pieces(path)} & {*image.folders, *image.pieces})


def _choices(offered: Sequence[_Image], images: Sequence[_Image]) -> list[str]:
    """The shortest selections by which a manifest names images; those that cannot be written there are left out."""
    files, names = {image.file for image in images}, Counter(image.name for image in images)
    short = (names[image.name] == 1 and image.name not in files and is_writable(image.name) for image in offered)
    texts = [image.name if enough else image.file for image, enough in zip(offered, short, strict=True)]
    return [f"bids:{text}" for text in texts if is_writable(text)]
