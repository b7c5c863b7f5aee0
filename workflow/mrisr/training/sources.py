"""Records the inputs from which the states of a checkpoint folder were made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from mrisr import files
from mrisr.files import recorded

NAME = "sources.json"
"""The file beside the states. It holds the SHA-256 of each input, in the order in which the job reads them."""


def claim(folder: Path, digests: Sequence[str]) -> None:
    """Record the inputs of a folder of states. States that were made from other inputs are removed first.

    Two writers of one identity have the same inputs, and write the same file.
    """
    known = recorded.read(folder / NAME, list[str])
    if known == list(digests):
        return
    states = sorted(folder.glob("*.safetensors"))
    if states:
        sys.stderr.write(f"{folder}: its states were made from other inputs; they are removed, and made again\n")
    for state in states:
        state.unlink(missing_ok=True)
    files.write_json(folder / NAME, list(digests))
