"""The number and size of a subject's slices, read from its header before anything has run."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from mrisr.errors import InputError
from mrisr.files.recorded import Unfit
from mrisr.identity import digest
from mrisr.stages.stage import Jobs
from mrisr.study.subjects import built_in_volumes
from mrisr.volumes.ranges import parse_range

from .memo import Memo

LARGEST = 100_000
"""Longest side that is accepted, in voxels. A damaged header may claim any number."""
UNKNOWN = [256, 256, 256]
"""Assumed size of a volume whose header cannot be read. The stage ``check`` reports what is wrong with it."""


@dataclass(frozen=True)
class Geometry:
    """A subject: its ``voxels``, and at most ``slices`` slices of ``height`` x ``width`` pixels and ``channels``.

    ``known`` is false where these are a guess, because the volume's header does not say them.
    """

    voxels: int
    slices: int
    height: int
    width: int
    channels: int = 1
    known: bool = True

    @property
    def pixels(self) -> int:
        """Pixels of a slice, over its channels."""
        return self.height * self.width * self.channels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a slice."""
        return self.channels, self.height, self.width

    @property
    def bytes(self) -> int:
        """Bytes of all slices as float32."""
        return 4 * self.slices * self.pixels


class Header(BaseModel):
    """Shape [X, Y, Z] or [X, Y, Z, 3], the number of the axis that is cut, whether a named one is reversed, and whether
    all that is known or a guess."""

    shape: Annotated[list[Annotated[int, Field(ge=0, le=LARGEST)]], Field(min_length=3, max_length=4)]
    axis: Annotated[int, Field(ge=0, le=2)]
    reverse: bool
    known: bool


class Geometries:
    """The geometry of every subject of a study, by name. Headers are read once and remembered."""

    def __init__(self, plan: Jobs, memo: Memo):
        self.plan, self.memo = plan, memo
        self.of = functools.cache(self._of)

    def _of(self, subject: str) -> Geometry:
        subjects, study = self.plan.subjects, self.plan.study
        volume = subjects.volumes[subject]
        axis = study.slices.axis if volume.axis is None else volume.axis
        content = digest([subjects.files(subject, "path"), axis])
        try:
            header = self.memo.get(f"header {content}", lambda: _header(Path(volume.path), volume.kind, axis), Header)
        except Unfit:
            header = Header(shape=UNKNOWN, axis=0, reverse=False, known=False)
        shape, number = header.shape, header.axis
        multiple = math.lcm(*study.protocol.scales)
        height, width = (max(n // multiple, 1) * multiple for place, n in enumerate(shape[:3]) if place != number)
        slices = _length(volume.slices or study.slices.range, shape[number], reverse=header.reverse)
        wanted = subjects.counts[subject]
        channels = shape[3] if len(shape) > 3 else 1
        return Geometry(math.prod(shape), min(slices, wanted or slices), height, width, channels, header.known)

    def split(self, split: str, fold: int = 0) -> list[Geometry]:
        """The geometries of a split's subjects in a fold."""
        return list(self.named(split, fold).values())

    def named(self, split: str, fold: int = 0) -> dict[str, Geometry]:
        """The geometries of a split's subjects in a fold, by subject."""
        return {subject: self.of(subject) for subject in self.plan.subjects.of(split, fold)}


def _length(text: str | None, length: int, *, reverse: bool) -> int:
    try:
        return len(parse_range(text).indices(length, reverse=reverse))
    except InputError:
        return length


def _header(path: Path, kind: str | None, axis: str | int) -> dict[str, Any]:
    """The fields of `Header`."""
    if not path.exists():
        source = built_in_volumes().get(path.as_posix())
        told, number = source and source.shape, int(axis) if str(axis).isdigit() else None
        shape = told or UNKNOWN
        known, number = bool(told) and number is not None, _shortest(shape) if number is None else number
        return {"shape": shape, "axis": number, "reverse": False, "known": known}
    from mrisr.volumes.header import read_header

    return read_header(path, kind, axis)


def _shortest(shape: list[int]) -> int:
    """The axis whose slices are largest, so that costs are not underestimated."""
    return shape.index(min(shape))
