"""Reads data/sources.yaml: which file of which Python package each built-in volume is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mrisr.errors import InputError, suggestion
from mrisr.files import recorded

from .files import why_unreadable
from .row import NAME_LENGTH

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._+-]*$")]
Subject = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=NAME_LENGTH)]
Side = Annotated[int, Field(ge=1, le=100_000)]


class Conversion(BaseModel):
    """What a member is if it is no volume: a ``picture``, or ``raw`` numbers of a ``dtype`` and a ``size``.

    ``plane`` says how the slice lies in the body, ``size`` has its rows and columns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["picture", "raw"]
    plane: Literal["axial", "sagittal"]
    dtype: Literal["u1", "<u2", ">u2", "<i2", ">i2", "<f4", ">f4"] | None = None
    size: Annotated[list[Side], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Conversion:
        described = (self.dtype is not None, self.size is not None)
        if described != (self.kind == "raw",) * 2:
            raise ValueError("raw has dtype and size, a picture has neither")
        return self


class Source(BaseModel):
    """An entry of data/sources.yaml with its name; ``archive`` is the name of a file, never a path.

    ``sha256`` is that of the volume. A member that has to be converted has a digest of its own, ``member_sha256``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Subject
    package: Package
    version: str
    archive: Package
    archive_sha256: Sha256
    member: Annotated[str, Field(min_length=1)]
    sha256: Sha256
    shape: Annotated[list[Side], Field(min_length=3, max_length=4)] | None = None
    distribution: Literal["sdist", "wheel"] | None = None
    description: str | None = None
    licence: str | None = None
    citation: str | None = None
    conversion: Conversion | None = None
    member_sha256: Sha256 | None = None

    @model_validator(mode="after")
    def _complete(self) -> Source:
        if (self.conversion is None) != (self.member_sha256 is None):
            raise ValueError("conversion and member_sha256 belong together")
        return self

    @property
    def origin(self) -> str:
        """Where the volume comes from: package, version and file, and what to cite."""
        return f"{self.package} {self.version}, {self.member}" + (f": {self.citation}" if self.citation else "")


REQUIRED = {name for name, field in Source.model_fields.items() if field.is_required()}


def read_sources(path: str | Path) -> dict[str, Source]:
    """All entries of data/sources.yaml by name.

    Raises
    ------
    InputError
        The file cannot be read, or is no list of built-in volumes; or the problems of its entries, one line each.
    """
    sources, problems = {}, []
    for name, entry in _entries(path).items():
        try:
            sources[name] = _source(name, entry, path)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(*problems)
    return sources


def read_source(subject: str, path: str | Path) -> Source:
    """One entry of data/sources.yaml; only this one is checked."""
    entries = _entries(path)
    if subject not in entries:
        raise InputError(f"{path}: there is no volume '{subject}' ({suggestion(subject, map(str, entries))})")
    return _source(subject, entries[subject], path)


def _entries(path: str | Path) -> dict[Any, Any]:
    if problem := why_unreadable(path):
        raise InputError(f"{path}: {problem}; it should list the built-in volumes")
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as a list of built-in volumes ({reason})") from error
    entries = content.get("volumes") if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        raise InputError(f"{path}: cannot be read as a list of built-in volumes (it has no mapping 'volumes')")
    return entries


def _source(name: Any, entry: Any, path: str | Path) -> Source:
    where = f"{path}: volume {name!r}"
    if isinstance(entry, dict):
        missing = sorted(REQUIRED - set(entry) - {"subject"})
        if missing:
            raise InputError(f"{where}: {', '.join(missing)} missing")
        entry = {**entry, "subject": name}
    try:
        return recorded.fitting(entry, Source)
    except recorded.Unfit as error:
        raise InputError(f"{where} {error}") from error
