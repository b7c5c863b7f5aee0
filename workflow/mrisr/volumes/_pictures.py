"""PNG, JPEG and TIFF pictures: a single one, a TIFF file of several pages, or a folder of slices."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from mrisr.errors import InputError

from . import _grey_alpha, _orientation, _tiff
from ._claims import check_claim, check_size
from ._itk import PICTURES, check_header, image_reader
from ._raw import Raw, reading
from .files import require_picked
from .names import named_format

AFFINE = ((0, -1, 0, 0), (-1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
"""Affine of a picture. Pictures have no orientation, so it counts as an axial slice: anterior up, right on the left."""

_START, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
"""Markers of JPEG: of the image, of the compressed pixels, of the end. Compressed pixels never contain one."""

_T = TypeVar("_T")


def read(path: Path, limit: float, pattern: str = "") -> Raw:
    """Read a picture, or those of a folder that a pattern picks, as [X, Y, Z] or [X, Y, Z, 3].

    These are rows, columns and slices in natural order.

    Voxels count as 1 mm apart, because pictures do not say. An alpha channel is left out.
    """
    if path.is_dir():
        files = sorted(require_picked(path, pattern), key=lambda p: natural(p.name))
    elif pattern:
        raise InputError(f"is a file, and '{pattern}' picks pictures of a folder; name the folder, or set no pattern")
    else:
        files = [path]
    if not files:
        raise InputError("holds no PNG, JPEG or TIFF picture; name the folder that has the slices")
    name = path.is_dir()
    sizes = [size for file in files for size in _of(file, lambda file: list(_claims(file, limit)), name=name)]
    check_size((*max(sizes, key=math.prod), len(sizes)), 1, limit)
    notes: list[str] = []
    slices = []
    for file in files:
        for page in _of(file, lambda file: _pages(file, notes), name=name):
            slices.append(_three(page, file, notes))
            if (told := _told(slices[-1])) != (first := _told(slices[0])):
                raise InputError(
                    f"its pictures differ: {files[0].name} is {first}, one of {file.name} is {told}; "
                    "give each size and type a folder, and so a subject, of its own"
                )
    return Raw(np.stack(slices, axis=2), np.array(AFFINE, float), files, channels=slices[0].ndim == 3, notes=notes)


def size(path: Path, pattern: str = "") -> tuple[int, ...]:
    """Shape that `read` gives, from the header of the first picture: the files of a folder are taken to be alike."""
    files = require_picked(path, pattern) if path.is_dir() else [path]
    if not files:
        raise InputError("holds no PNG, JPEG or TIFF picture; name the folder that has the slices")
    first = min(files, key=lambda file: natural(file.name))
    if named_format(first).suffix not in PICTURES:
        rows, columns, pages, channels = _tiff.size(first)
    else:
        (columns, rows, *_), channels = _size_by_itk(first)
        rows, columns = _orientation.turned((rows, columns), _told_by_jpeg(first))
        pages = 1
    return (rows, columns, len(files) * pages, *((3,) if channels > 2 else ()))


def _size_by_itk(file: Path) -> tuple[tuple[int, ...], int]:
    reader = image_reader(file, "pictures")
    reader.ReadImageInformation()
    return reader.GetSize(), reader.GetNumberOfComponents()


def natural(name: str) -> list[str | int]:
    """Sorting key by which ``slice10`` comes after ``slice9``."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _of(file: Path, step: Callable[[Path], list[_T]], *, name: bool) -> list[_T]:
    """What a step gives for a file; with ``name``, its problems begin with the file's name."""
    try:
        with reading("a picture"):
            return step(file)
    except InputError as error:
        if not name:
            raise
        raise InputError(*(f"{file.name} {problem}" for problem in error.problems)) from error


def _pages(file: Path, notes: list[str]) -> list[np.ndarray]:
    """The pictures of a file, [H, W] or [H, W, C], upright."""
    if named_format(file).suffix not in PICTURES:
        return _tiff.pages(file, notes)
    if _grey_alpha.size(file):
        return [_grey_alpha.read(file)]
    return [_orientation.upright(_by_itk(file), _told_by_jpeg(file), notes)]


def _told_by_jpeg(file: Path) -> int:
    """The orientation that a JPEG file tells before its pixels; 1 for any other picture."""
    with open(file, "rb") as opened:
        if opened.read(len(_START)) != _START:
            return 1
        opened.seek(0)
        return _orientation.orientation_of_jpeg(opened.read().partition(_SCAN)[0])


def _claims(file: Path, limit: float) -> Iterator[tuple[int, ...]]:
    """Sizes of the pictures of a file by its headers, each checked on its own."""
    if named_format(file).suffix in PICTURES:
        _check_end(file)
        if grey := _grey_alpha.size(file):
            check_claim((*grey, 2), 1, stored=file.stat().st_size, compressed=True, limit=limit)
            yield grey
            return
        *size, channels = check_header(image_reader(file, "pictures"), stored=file.stat().st_size, limit=limit)
        yield *size[1::-1], channels
    else:
        yield from _tiff.claims(file, limit)


def _check_end(file: Path) -> None:
    """Refuse a JPEG file that is cut. ITK would fill what is missing with grey."""
    content = b"" if named_format(file).suffix == ".png" else file.read_bytes()
    if content.startswith(_START) and _END not in content[content.rfind(_SCAN) + 1 :]:
        raise InputError("is cut: its JPEG data have no end; copy it again")


def _by_itk(file: Path) -> np.ndarray:
    import SimpleITK as sitk

    # SimpleITK keeps 16 bits of colour, where Pillow makes 8 of them.
    image = image_reader(file, "pictures").Execute()
    array = sitk.GetArrayFromImage(image)
    return array[0] if image.GetDimension() == 3 else array


def _three(image: np.ndarray, file: Path, notes: list[str]) -> np.ndarray:
    """Grey [H, W] or colour [H, W, 3]."""
    if image.ndim == 3 and image.shape[-1] in (2, 4):
        note = "alpha channel left out"
        notes += [] if note in notes else [note]
        image = image[..., :-1]
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[-1] == 3):
        raise InputError(f"{file.name} has the shape {_size(image.shape)}; a picture is grey or RGB")
    return image


def _told(image: np.ndarray) -> str:
    return f"{_size(image.shape)} of type {image.dtype}"


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape[:2])) + (" RGB" if len(shape) == 3 else "")
