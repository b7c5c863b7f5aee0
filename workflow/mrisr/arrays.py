"""Arrays between the stages: safetensors files with one metadata key ``mrisr``, JSON with sorted keys."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InputError
from .files import replacing


def save(path: str | os.PathLike, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write tensors and metadata by rename; equal content is equal bytes."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    # Not ascontiguousarray, which makes a scalar a vector.
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    with replacing(path) as temporary:
        try:
            save_file(contiguous, temporary, metadata={"mrisr": json.dumps(metadata, sort_keys=True)})
        except SafetensorError as error:
            raise OSError(f"{path}: cannot be written ({error})") from error


def load(path: str | os.PathLike, names: Collection[str] | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read the tensors, or only those of ``names`` that are there, and the metadata.

    Raises
    ------
    InputError
        The file is missing, truncated or not one of ours.
    """
    with _opened(path) as file:
        metadata = json.loads((file.metadata() or {}).get("mrisr", "null"))
        wanted = sorted(file.keys()) if names is None else sorted(set(names) & set(file.keys()))
        tensors = {name: file.get_tensor(name) for name in wanted}
    if metadata is None:
        raise InputError(f"{path}: has no 'mrisr' metadata, so it was not written by this program")
    return tensors, metadata


@contextlib.contextmanager
def _opened(path: str | os.PathLike) -> Iterator[Any]:
    """The file, open only as long as something is read: what is mapped counts as the process's memory."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a safetensors file ({error}); delete it and run again") from error


def save_slices(path: str | os.PathLike, slices: Mapping[int, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write slices {index along the source axis: float32 [C, H, W] in [0, 1]} as tensors ``slice/<index:04d>``."""
    save(path, {f"slice/{index:04d}": np.asarray(image, np.float32) for index, image in slices.items()}, metadata)


def load_slices(
    path: str | os.PathLike, indices: Collection[int] | None = None
) -> tuple[dict[int, np.ndarray], dict[str, Any]]:
    """Read what `save_slices` wrote, or only the slices of ``indices``, in ascending order of the index."""
    tensors, metadata = load(Path(path), None if indices is None else [f"slice/{index:04d}" for index in indices])
    slices = {int(name.removeprefix("slice/")): array for name, array in tensors.items() if name.startswith("slice/")}
    return dict(sorted(slices.items())), metadata


class Cache:
    """Arrays kept in memory, up to ``limit`` bytes: the first ones that are read stay, all others are read each time.

    Every slice is as likely as any other to be asked for next, so throwing one out for another would gain nothing.
    """

    def __init__(self, limit: int):
        self.limit, self.used = limit, 0
        self._kept: dict[tuple[str, str], np.ndarray] = {}

    def get(self, key: tuple[str, str]) -> np.ndarray | None:
        """The array, if it is kept."""
        return self._kept.get(key)

    def offer(self, key: tuple[str, str], array: np.ndarray) -> None:
        """Keep an array if there is room."""
        if self.used + array.nbytes <= self.limit:
            self._kept[key] = array
            self.used += array.nbytes


@dataclass(frozen=True)
class StoredSlice:
    """A slice [C, H, W] that is read from its file when ``np.asarray`` asks for it."""

    path: str
    name: str
    shape: tuple[int, ...]
    cache: Cache

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.cache.get((self.path, self.name))
        if array is None:
            with _opened(self.path) as file:
                array = file.get_tensor(self.name)
            self.cache.offer((self.path, self.name), array)
        return np.array(array, dtype=dtype, copy=copy)


def stored_slices(path: str | os.PathLike, cache: Cache) -> dict[int, StoredSlice]:
    """The slices of a file by their index, in ascending order; only their shapes are read now.

    Raises
    ------
    InputError
        As `load`.
    """
    with _opened(path) as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
    found = {
        int(name.removeprefix("slice/")): StoredSlice(str(path), name, shape, cache)
        for name, shape in shapes.items()
        if name.startswith("slice/")
    }
    return dict(sorted(found.items()))


def slice_name(subject: str, index: int) -> str:
    """Name of a slice across subjects, ``subject/0012``."""
    return f"{subject}/{index:04d}"
