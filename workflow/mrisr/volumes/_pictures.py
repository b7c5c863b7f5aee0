"""PNG and TIFF pictures: a single one, a TIFF file of several pages, or a folder of slices."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mrisr.errors import InputError

from ._raw import Raw, check_claim, reading
from .names import named_format, named_kind

AFFINE = ((0, -1, 0, 0), (-1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
"""Affine of a picture. Pictures have no orientation, so it counts as an axial slice: anterior up, right on the left."""


def read(path: Path) -> Raw:
    """Read a picture or a folder of them as [X, Y, Z] or [X, Y, Z, 3]: rows, columns, slices in natural order.

    Voxels count as 1 mm apart, because pictures do not say. An alpha channel is left out.
    """
    if path.is_dir():
        files = sorted((p for p in path.iterdir() if named_kind(p) == "pictures"), key=lambda p: natural(p.name))
    else:
        files = [path]
    if not files:
        raise InputError("holds no PNG or TIFF picture; name the folder that has the slices")
    notes: list[str] = []
    slices = [_three(page, file, notes) for file in files for page in _pages(file, named=path.is_dir())]
    first = slices[0].shape
    for file, image in zip(files, slices, strict=False):
        if image.shape != first:
            raise InputError(
                f"its pictures differ: {files[0].name} is {_size(first)}, {file.name} is {_size(image.shape)}; "
                "give each size a folder, and so a subject, of its own"
            )
    return Raw(np.stack(slices, axis=2), np.array(AFFINE, float), files, channels=slices[0].ndim == 3, notes=notes)


def natural(name: str) -> list[str | int]:
    """Sorting key by which ``slice10`` comes after ``slice9``."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _pages(file: Path, *, named: bool) -> list[np.ndarray]:
    """The pictures of a file, [H, W] or [H, W, C]."""
    try:
        with reading("a picture"):
            return [_png(file)] if named_format(file).suffix == ".png" else _tiff(file)
    except InputError as error:
        if not named:
            raise
        raise InputError(*(f"{file.name} {problem}" for problem in error.problems)) from error


def _png(file: Path) -> np.ndarray:
    # SimpleITK keeps 16 bits of colour, where Pillow makes 8 of them.
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("PNGImageIO")
    reader.SetFileName(str(file))
    reader.ReadImageInformation()
    claimed = (*reader.GetSize(), reader.GetNumberOfComponents())
    check_claim(claimed, 1, stored=file.stat().st_size, compressed=True)
    array = sitk.GetArrayFromImage(reader.Execute())
    return array[0] if len(claimed) == 4 else array


def _tiff(file: Path) -> list[np.ndarray]:
    import tifffile

    with _strict("tifffile"), tifffile.TiffFile(file) as tiff:
        check_claim((len(tiff.pages), *tiff.pages[0].shape), 1, stored=file.stat().st_size, compressed=True)
        return [page.asarray() for page in tiff.pages]


@contextlib.contextmanager
def _strict(logger: str) -> Iterator[None]:
    """Turn what a library only logs as an error into an exception. tifffile otherwise skips missing pages."""
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())
    log = logging.getLogger(logger)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
    if messages:
        raise ValueError(messages[0])


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


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape[:2])) + (" RGB" if len(shape) == 3 else "")
