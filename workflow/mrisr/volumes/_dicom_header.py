"""Reads the header of one DICOM file and checks that the file is complete, without loading pixels."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from mrisr.errors import InputError

from ._claims import BLOCK, check_claim, check_expanded
from ._raw import reading

PIXELS = (0x7FE00010, 0x7FE00008, 0x7FE00009)
"""Pixel Data, Float Pixel Data, Double Float Pixel Data."""
_NEEDED = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "PhotometricInterpretation")
_DEFERRED = 1024
"""Elements with more bytes than this stay in the file until they are asked for."""
_UNDEFINED = 0xFFFFFFFF
_SYNTAXES = {
    (True, True): "1.2.840.10008.1.2",
    (False, True): "1.2.840.10008.1.2.1",
    (False, False): "1.2.840.10008.1.2.2",
}
"""Transfer syntax by (implicit VR, little endian), for files that do not name it."""


def read_header(path: Path, limit: float) -> Any:
    """The header of a DICOM image; None for another DICOM file. The pixels have to be there, but are not loaded.

    Raises
    ------
    InputError
        The file is truncated, or its header claims more pixels than it holds or than the limit allows.
    """
    size = path.stat().st_size
    with reading(f"a DICOM file ({path.name})"):
        _check_deflated(path, limit)
        header = open_dataset(path, defer_size=_DEFERRED)
        encoding = header.file_meta.TransferSyntaxUID
        if not getattr(encoding, "is_transfer_syntax", False):
            raise InputError(f"its file {path.name} is encoded as '{encoding}', which is no transfer syntax; damaged")
        if encoding.is_deflated:
            # Offsets in inflated data say nothing about the file. Inflating itself fails if bytes are missing.
            header, size = open_dataset(path), None
        # `values` gives the elements without loading them; access by name would load them.
        elements = list(header.values())
        if size is not None and any(_end(element) > size for element in elements):
            raise InputError(f"its file {path.name} is truncated: it has {size} bytes, its header speaks of more")
        pixels = next((element for element in elements if element.tag in PIXELS), None)
        if pixels is None:
            if "Rows" in header or _is_image_class(header):
                raise InputError(f"its file {path.name} is truncated: it ends before its pixels; copy it again")
            return None
        missing = [name for name in _NEEDED if header.get(name) in (None, "")]
        if missing:
            raise InputError(f"its file {path.name} has no {', '.join(missing)} in its header; export it again")
        stored = _stored(pixels)
        frames = int(header.get("NumberOfFrames", 1) or 1)
        shape, bits = (header.Rows, header.Columns, frames, header.SamplesPerPixel), header.BitsAllocated
        if stored is None or encoding.is_encapsulated:
            check = dict(itemsize=max(1, bits // 8), stored=path.stat().st_size, compressed=True)
        else:
            check = dict(itemsize=max(1, bits // 8), stored=stored, compressed=False)
        if size is None:
            del header[pixels.tag]
    try:
        check_claim(shape, limit=limit, **check)
    except InputError as error:
        raise InputError(*(f"its file {path.name} {problem}" for problem in error.problems)) from error
    return header


def _check_deflated(path: Path, limit: float) -> None:
    """Inflate a deflated data set block by block, no further than to the limit. pydicom inflates it at once."""
    from pydicom import filereader, uid

    with open(path, "rb") as file:
        filereader.read_preamble(file, force=True)
        meta = filereader.read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
        if meta.get("TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian:
            try:
                check_expanded(_inflated(file), limit)
            except InputError as error:
                raise InputError(*(f"its file {path.name} {problem}" for problem in error.problems)) from error


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    while block := decoder.unconsumed_tail or file.read(BLOCK):
        yield decoder.decompress(block, BLOCK)


def open_dataset(path: Path, defer_size: int | None = None) -> Any:
    """A data set with its transfer syntax. If the file names none, it is the one that pydicom found."""
    import pydicom

    with warnings.catch_warnings():
        # pydicom warns of odd values and early ends. What matters of it is checked here and reported in one line.
        warnings.simplefilter("ignore")
        header = pydicom.dcmread(path, defer_size=defer_size, force=True)
    if "TransferSyntaxUID" not in header.file_meta:
        implicit, little, *_ = header.original_encoding
        header.file_meta.TransferSyntaxUID = pydicom.uid.UID(_SYNTAXES[bool(implicit), bool(little)])
    return header


def _is_image_class(header: Any) -> bool:
    """Whether a file says that it is an image. A file that does not say what it is counts: it may be truncated."""
    classes = header.get("SOPClassUID"), header.file_meta.get("MediaStorageSOPClassUID")
    return not any(classes) or any("Image Storage" in found.name for found in classes if found)


def _end(element: Any) -> int:
    """The offset in the file at which an element ends; 0 if its header does not say."""
    length = getattr(element, "length", _UNDEFINED)
    return 0 if length == _UNDEFINED else element.value_tell + length


def _stored(pixels: Any) -> int | None:
    """Length of the pixels' element in bytes; None if it does not say."""
    length = getattr(pixels, "length", None)
    return None if length == _UNDEFINED else length
