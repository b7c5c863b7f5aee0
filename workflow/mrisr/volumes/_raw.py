"""Shared by all readers: the treatment of unusual volumes and of damaged files."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.loaded import LoadedVolume

from ._claims import times

FEWEST_STEPS = 256
"""How many values float32 has to tell apart between the least and the greatest one."""


@dataclass
class Raw:
    """A volume as read from its file: ``array`` [X, Y, Z], or [X, Y, Z, C] with ``channels``, of any type."""

    array: np.ndarray
    affine: np.ndarray
    files: list[Path]
    channels: bool = False
    notes: list[str] = field(default_factory=list)


def finish(raw: Raw, *, complex: str, nonfinite: str) -> LoadedVolume:
    """Apply the treatments of complex and non-finite values, and make it float32."""
    array, notes = raw.array, list(raw.notes)
    if np.iscomplexobj(array):
        if complex != "magnitude":
            raise InputError("holds complex numbers; use its magnitude image, or set slices.complex: magnitude")
        array = np.abs(array)
        notes.append("complex: magnitude taken")
    stored = array
    with np.errstate(over="ignore", invalid="ignore"):
        array = np.asarray(stored, np.float32)
        # A finite sum means that all values are finite, and is much faster than testing each of them.
        total = array.sum(dtype=np.float64)
    if not np.isfinite(total):
        count = int(array.size - np.isfinite(array).sum())
        if count > stored.size - np.isfinite(stored).sum():
            raise InputError(f"has values beyond {np.finfo(np.float32).max:.3g}, the end of float32; scale it down")
        if nonfinite != "zero":
            raise InputError(f"{count} voxels are NaN or infinite; mend them, or set slices.nonfinite: zero")
        array = np.where(np.isfinite(array), array, np.float32(0))
        notes.append(f"{count} NaN or infinite voxels set to 0")
    _check_steps(array)
    affine = np.asarray(raw.affine, np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise InputError("its affine is not invertible, so directions and voxel sizes are unknown; mend the header")
    return LoadedVolume(array, affine, tuple(raw.files), tuple(notes))


def _check_steps(array: np.ndarray) -> None:
    """Refuse values so close together and so far from 0 that float32 keeps few of them apart."""
    low, high = float(array.min()), float(array.max())
    steps = (high - low) / float(np.spacing(np.float32(max(abs(low), abs(high)))))
    if 0 < steps < FEWEST_STEPS:
        raise InputError(
            f"its values reach from {low:.9g} to {high:.9g}, of which float32 tells {steps:.0f} apart; "
            "subtract a constant before you save it"
        )


def choose_volume(shape: Sequence[int], volume_4d: str | int) -> int | None:
    """The index of the volume to take from a shape [X, Y, Z, ...]; `None` if there is one (trailing 1s do not count).

    Raises
    ------
    InputError
        There are several volumes and none is chosen, or the chosen one does not exist.
    """
    extra = [n for n in shape[3:] if n != 1]
    if not extra:
        return None
    if len(extra) > 1:
        raise InputError(f"has {len(shape)} dimensions ({times(shape)}); give a file with one volume")
    if volume_4d == "error":
        raise InputError(
            f"holds {extra[0]} volumes ({times(shape)}); give a file with one, "
            "or set slices.volume_4d to 'first' or an index"
        )
    index = 0 if volume_4d == "first" else int(volume_4d)
    if index >= extra[0]:
        raise InputError(f"slices.volume_4d is {index}, but the file has volumes 0 to {extra[0] - 1}")
    return index


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn any exception that a library raises on a damaged file into an `InputError` of one line.

    Damaged files make the libraries raise almost anything, so everything is caught here.
    """
    try:
        yield
    except InputError:
        raise
    except MemoryError as error:
        raise InputError("does not fit into memory; crop it, or use a machine with more") from error
    except Exception as error:
        # Before its last "ERROR:" ITK prints only positions in its source and in memory.
        reason = re.sub(r"\(0x\w+\)", "", str(error).rpartition("ERROR:")[2])
        reason = " ".join(reason.split()) or type(error).__name__
        reason = reason if len(reason) <= 200 else f"{reason[:100]} ... {reason[-100:]}"
        raise InputError(f"cannot be read as {what}: truncated, damaged, or another kind of file ({reason})") from error
