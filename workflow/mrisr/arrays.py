"""Reads and writes the arrays that stages exchange: safetensors files whose metadata key ``mrisr`` holds JSON."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field

from .errors import InputError
from .files import recorded, replacing

Number = Annotated[float, Field(allow_inf_nan=False)]
Row = Annotated[list[Number], Field(min_length=4, max_length=4)]
SavedState = tuple[dict[str, np.ndarray], dict[str, Any]]
"""Tensors and metadata of unfinished or finished work, as `save` writes them."""


class Known(BaseModel):
    """Metadata with the same meaning in every file. A file may lack any of these keys and may have others."""

    subject: str = ""
    axis: Annotated[int, Field(ge=0, le=2)] = 0
    affine: Annotated[list[Row], Field(min_length=4, max_length=4)] = []
    spacing: Annotated[list[Number], Field(min_length=3, max_length=3)] = []
    slice_ids: list[str] = []


class Metadata(dict):
    """Metadata of a file. Looking up a missing key raises an `InputError` that names the file."""

    def __init__(self, path: str | os.PathLike, values: Mapping[str, Any]):
        super().__init__(values)
        self.path = path

    def __missing__(self, key: str) -> Any:
        raise InputError(f"{self.path}: its metadata have no '{key}'; delete it and run again")


def save(path: str | os.PathLike, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write tensors and metadata by rename. Equal content gives equal bytes."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    # `np.ascontiguousarray` would turn a scalar into a vector.
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    with replacing(path) as temporary:
        try:
            save_file(contiguous, temporary, metadata={"mrisr": json.dumps(metadata, sort_keys=True)})
        except SafetensorError as error:
            raise OSError(f"{path}: cannot be written ({error})") from error


def load(path: str | os.PathLike, names: Collection[str] | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read the tensors and the metadata. ``names`` selects tensors; names that the file lacks are ignored.

    Raises
    ------
    InputError
        The file is missing, truncated or not one of ours.
    """
    with _opened(path) as file:
        metadata = _metadata(path, file.metadata() or {})
        wanted = sorted(file.keys()) if names is None else sorted(set(names) & set(file.keys()))
        return {name: file.get_tensor(name) for name in wanted}, metadata


def _metadata(path: str | os.PathLike, written: Mapping[str, str]) -> Metadata:
    if "mrisr" not in written:
        raise InputError(f"{path}: has no 'mrisr' metadata, so it was not written by this program")
    try:
        metadata = recorded.parse(written["mrisr"], dict[str, Any])
        recorded.fitting(metadata, Known)
    except recorded.Unfit as error:
        raise InputError(
            f"{path}: its metadata cannot be read: what is there {error}; delete it and run again"
        ) from error
    return Metadata(path, metadata)


@contextlib.contextmanager
def _opened(path: str | os.PathLike) -> Iterator[Any]:
    """Keep a file open only while it is read, because a mapped file counts toward the memory of the process."""
    from safetensors import SafetensorError, safe_open

    if os.path.exists(path) and not os.path.isfile(path):
        # Reading a FIFO could block for ever.
        raise InputError(f"{path}: is no file; delete it and run again")
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (OSError, SafetensorError, ValueError, TypeError, AttributeError) as error:
        # TypeError and AttributeError mean a type of numbers that numpy does not have.
        raise InputError(f"{path}: cannot be read as a safetensors file ({error}); delete it and run again") from error


def save_slices(path: str | os.PathLike, slices: Mapping[int, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write slices {index along the source axis: float32 [C, H, W] in [0, 1]} as tensors ``slice/<index:04d>``."""
    save(path, {f"slice/{index:04d}": np.asarray(image, np.float32) for index, image in slices.items()}, metadata)


def load_slices(
    path: str | os.PathLike, indices: Collection[int] | None = None
) -> tuple[dict[int, np.ndarray], dict[str, Any]]:
    """Read what `save_slices` wrote, in ascending order of the index. ``indices`` selects slices."""
    tensors, metadata = load(Path(path), None if indices is None else [f"slice/{index:04d}" for index in indices])
    slices = {_index(path, name): array for name, array in tensors.items() if name.startswith("slice/")}
    for index, array in slices.items():
        _require_slice(path, index, array.shape, "F32" if array.dtype == np.float32 else str(array.dtype))
    return dict(sorted(slices.items())), metadata


def _index(path: str | os.PathLike, name: str) -> int:
    """The index in a tensor's name."""
    found = re.fullmatch("slice/([0-9]{4,9})", name)
    if not found or name != f"slice/{int(found[1]):04d}":
        raise InputError(f"{path}: {name[:80]!a} is no name of a slice; delete it and run again")
    return int(found[1])


def _require_slice(path: str | os.PathLike, index: int, shape: tuple[int, ...], kind: str) -> None:
    if len(shape) != 3 or 0 in shape or kind != "F32":
        found = " x ".join(map(str, shape)) or "no size"
        raise InputError(f"{path}: slice {index} is {kind}, {found}, not float32 [C, H, W]; delete it and run again")


class Cache:
    """Keeps arrays in memory, up to ``limit`` bytes. Arrays that no longer fit are read from disk each time.

    No array is ever replaced. All slices are equally likely to be needed next, so replacing one would gain nothing.
    """

    def __init__(self, limit: int):
        self.limit, self.used = limit, 0
        self._kept: dict[tuple[str, str], np.ndarray] = {}

    def get(self, key: tuple[str, str]) -> np.ndarray | None:
        """The array; None if it is not kept."""
        return self._kept.get(key)

    def offer(self, key: tuple[str, str], array: np.ndarray) -> None:
        """Keep an array if there is room."""
        if self.used + array.nbytes <= self.limit:
            self._kept[key] = array
            self.used += array.nbytes


@dataclass(frozen=True)
class StoredSlice:
    """A slice [C, H, W] that is read from its file when ``np.asarray`` asks for it.

    ``place`` is where its numbers begin, in bytes. So the list of all slices in the file is not read with each.
    """

    path: str
    name: str
    shape: tuple[int, ...]
    place: int
    cache: Cache

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.cache.get((self.path, self.name))
        if array is None:
            array = self._read()
            self.cache.offer((self.path, self.name), array)
        return np.array(array, dtype=dtype, copy=copy)

    def _read(self) -> np.ndarray:
        try:
            numbers = np.fromfile(self.path, "<f4", math.prod(self.shape), offset=self.place)
            return numbers.astype(np.float32, copy=False).reshape(self.shape)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path}: {self.name} cannot be read ({error}); delete it and run again") from error


def stored_slices(path: str | os.PathLike, cache: Cache) -> dict[int, StoredSlice]:
    """The slices of a file by their index, in ascending order; only their shapes and places are read now.

    Raises
    ------
    InputError
        As `load`.
    """
    with _opened(path) as file:
        names = [name for name in file.keys() if name.startswith("slice/")]  # noqa: SIM118 (no mapping)
        found = {_index(path, name): (name, file.get_slice(name)) for name in names}
        shapes = {index: tuple(tensor.get_shape()) for index, (_, tensor) in found.items()}
        for index, (_, tensor) in found.items():
            _require_slice(path, index, shapes[index], tensor.get_dtype())
    places = _places(path)
    return {
        index: StoredSlice(str(path), found[index][0], shapes[index], places[found[index][0]], cache)
        for index in sorted(found)
    }


def _places(path: str | os.PathLike) -> dict[str, int]:
    """Where the numbers of each tensor begin in a file that safetensors can read, in bytes.

    The format: the length of the header as 8 bytes, the header as JSON, the numbers. Offsets count from its end.
    """
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    return {name: 8 + length + tensor["data_offsets"][0] for name, tensor in header.items() if name != "__metadata__"}


def slice_name(subject: str, index: int) -> str:
    """Name of a slice across subjects, ``subject/0012``."""
    return f"{subject}/{index:04d}"
