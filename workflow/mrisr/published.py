"""Weights of networks that others published, read from a file that the user supplies and verified by its checksum."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch

from . import arrays, files
from .errors import InputError

DIGITS = 8
"""Fewest hexadecimal digits of a checksum."""


def read_state(path: str, sha256: str, *, where: str, what: str, source: str) -> dict[str, torch.Tensor]:
    """A state dict, ``.pth`` or ``.safetensors``.

    Parameters
    ----------
    path : str
        The file.
    sha256 : str
        Beginning of the file's SHA-256, eight hexadecimal digits or more.
    where, what, source : str
        For messages: the shelf or the method, what the file holds, and where to download it.

    Raises
    ------
    InputError
        The file is missing, is no state dict, or its SHA-256 does not begin with ``sha256``.
    """
    if len(sha256) < DIGITS:
        raise InputError(f"{where}: a checksum needs {DIGITS} hexadecimal digits or more, got {sha256!r}")
    if not Path(path).is_file():
        raise InputError(f"{where}: {what} are not at {path}; download {source}")
    if not (found := files.sha256(Path(path))).startswith(sha256.lower()):
        raise InputError(
            f"{where}: {path} has the SHA-256 {found}, which does not begin with {sha256}; these are other weights, or "
            "the file is damaged"
        )
    return dict(_state(path, where))


def _state(path: str, where: str) -> Mapping[str, torch.Tensor]:
    if path.lower().endswith(".safetensors"):
        return {name: torch.from_numpy(array) for name, array in arrays.load(path)[0].items()}
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(f"{where}: {path} holds no weights ({' '.join(str(error).split())[:200]})") from error
    if not (isinstance(state, Mapping) and all(isinstance(tensor, torch.Tensor) for tensor in state.values())):
        raise InputError(f"{where}: {path} is no state dict of a network")
    return state
