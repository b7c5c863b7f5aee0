"""Training states on disk that survive crashes, damage, full disks and a second writer.

A checkpoint is one safetensors file, ``step-<step>-<digest>.safetensors``. Its name holds the beginning of the SHA-256
of its content; the file appears by rename. Training is deterministic, so two writers of one identity write the same
content under the same name, and each can use the other's states. The last two are kept in case one is damaged.
``final-<digest>.safetensors`` is a finished training.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from mrisr import arrays, files
from mrisr.arrays import SavedState
from mrisr.errors import InputError
from mrisr.files import recorded

KEPT = 2
DIGITS = 16
"""Hexadecimal digits of the content's SHA-256 in a file name."""
DRAFTS = ".draft-"
"""Beginning of the names of folders in which files are written before they have their names."""


class Checkpoints:
    """The states of one training, in one folder.

    Parameters
    ----------
    folder : Path or None
        With None nothing is saved.
    step, final : type
        Schemas (`mrisr.files.recorded.parse`) for the metadata of a checkpoint and of the finished state. A file whose
        metadata do not fit counts as damaged.
    """

    def __init__(self, folder: Path | None, *, step: Any = dict[str, Any], final: Any = dict[str, Any]):
        self.folder = folder
        self.schemas = {"step": step, "final": final}

    def save(self, step: int, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> bool:
        """Write the state after a number of steps and remove all but the last two. False if it cannot be written."""
        written = self._write(f"step-{step:08d}", tensors, metadata)
        if written:
            self._prune(KEPT)
        return written

    def save_final(self, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
        """Write the finished state. The newest checkpoint stays, so damage to the finished state costs little."""
        if self._write("final", tensors, metadata):
            self._prune(1)

    def latest(self) -> SavedState | None:
        """The newest undamaged state, or None."""
        return next(self._whole("step"), None)

    def final(self) -> SavedState | None:
        """The finished state, or None if there is none or it is damaged."""
        return next(self._whole("final"), None)

    def _whole(self, kind: str) -> Iterator[SavedState]:
        """Every undamaged state of a kind, the newest first."""
        for path in reversed(self._list(kind)):
            if (content := _read(path, self.schemas[kind])) is not None:
                yield content

    def _list(self, kind: str) -> list[Path]:
        return sorted(self.folder.glob(f"{kind}-*.safetensors")) if self.folder else []

    def _write(self, stem: str, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> bool:
        if self.folder is None:
            return False
        # The name carries the digest of the content, so the content is written first.
        try:
            with files.temporary_folder(self.folder, DRAFTS) as folder:
                draft = folder / "state.safetensors"
                arrays.save(draft, tensors, metadata)
                os.replace(draft, self.folder / f"{stem}-{files.sha256(draft)[:DIGITS]}.safetensors")
        except (OSError, SafetensorError) as error:
            _say(f"{self.folder}: the checkpoint {stem} could not be written ({error}); training goes on without it")
            return False
        return True

    def _prune(self, kept: int) -> None:
        for path in self._list("step")[:-kept]:
            path.unlink(missing_ok=True)


def _read(path: Path, schema: Any) -> SavedState | None:
    """Content of a checkpoint. None if another writer has removed it or it is damaged; damage is reported once."""
    try:
        if files.sha256(path)[:DIGITS] == path.stem[-DIGITS:]:
            tensors, metadata = arrays.load(path)
            recorded.fitting(metadata, schema)
            return tensors, metadata
    except FileNotFoundError:
        return None
    except (OSError, InputError, recorded.Unfit) as error:
        if path.exists():
            _say(f"{path}: cannot be read ({error}); the checkpoint before it is used")
        return None
    _say(f"{path}: is damaged (its content is not what was written) and is removed; the checkpoint before it is used")
    with contextlib.suppress(OSError):  # a folder of this name, or a read-only folder, is left as it is
        path.unlink(missing_ok=True)
    return None


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
