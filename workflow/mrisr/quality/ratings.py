"""Reads people's scores of images: a table with the columns ``image`` and ``score``, separated by tabs.

``image`` is the name of a training subject's slice in the study (``subject/0012``), or the path of an 8-bit PNG or TIFF
picture relative to the table's folder. ``score`` is a number, **lower is better**, such as a differential mean opinion
score from 0 to 100. Mean opinion scores, where higher is better, have to be inverted first.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mrisr.errors import InputError, suggestion
from mrisr.volumes.names import named_kind

if TYPE_CHECKING:
    import numpy as np

COLUMNS = ["image", "score"]
WHITE = 255.0


def read_table(path: str | os.PathLike) -> dict[str, float]:
    """The scores {image as written: score}; ``#`` begins a comment.

    Raises
    ------
    InputError
        All problems of the table, one line each: other columns, a score that is no number, an image given twice.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a table of scores ({error})") from error
    rows = [(n, line.split("\t")) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not rows or rows[0][1] != COLUMNS:
        raise InputError(f"{path}: its first line must be 'image' and 'score', separated by a tab")
    scores: dict[str, float] = {}
    problems = []
    for number, cells in rows[1:]:
        if len(cells) != 2 or not _is_finite(cells[1]):
            problems.append(f"{path}:{number}: must be an image and a finite number, separated by a tab")
        elif cells[0] in scores:
            problems.append(f"{path}:{number}: '{cells[0]}' has a score already")
        else:
            scores[cells[0]] = float(cells[1])
    if problems:
        raise InputError(*problems)
    return scores


def pictures(path: str | os.PathLike) -> list[Path]:
    """The files that a table names."""
    return [Path(path).parent / name for name in read_table(path) if _is_picture(name)]


def rated(path: str | os.PathLike, slices: Mapping[str, np.ndarray]) -> Iterator[tuple[np.ndarray, float]]:
    """Images [C, H, W] in [0, 1] of a table, each with its score.

    Parameters
    ----------
    path : path
        The table.
    slices : {slice name: [C, H, W] in [0, 1]}
        Slices of the training subjects. The table may name them.

    Raises
    ------
    InputError
        The table cannot be read, a slice is unknown, or a picture is missing or not 8-bit.
    """
    for name, score in read_table(path).items():
        if _is_picture(name):
            yield _picture(Path(path).parent / name), score
        elif name in slices:
            yield slices[name], score
        else:
            raise InputError(f"{path}: '{name}' is no slice of a training subject ({suggestion(name, slices)})")


def _picture(path: Path) -> np.ndarray:
    from mrisr.volumes.readers import read_volume

    image = read_volume(path, "pictures").array[:, :, 0]
    if image.min() < 0 or image.max() > WHITE:
        raise InputError(
            f"{path}: a rated picture has 8 bits, values from 0 to 255, not {image.min()} to {image.max()}"
        )
    return (image if image.ndim == 3 else image[..., None]).transpose(2, 0, 1) / WHITE


def _is_picture(name: str) -> bool:
    return named_kind(name) == "pictures"


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
