"""What an artifact says, read and checked against its schema before any of it is used."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from mrisr.errors import InputError
from mrisr.files import recorded
from mrisr.identity.code import Sha256
from mrisr.planning.records import Record, read_record

from . import data
from .publish import DESCRIBED, FORMAT, JOBS, SUMS

Module = Annotated[str, Field(pattern=r"^mrisr(\.[A-Za-z_][A-Za-z0-9_]*)*$")]
Version = Annotated[str, Field(max_length=100)]


class Described(BaseModel):
    """artifact.json."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[int, Field(ge=1)]
    study: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    mrisr: Version
    python: Version
    versions: dict[str, Version]
    commit: str | None
    changed: list[str]
    identifiers: dict[str, str]
    links: dict[str, str]
    executables: list[str]
    modules: dict[Module, Sha256]


class DescribedJob(BaseModel):
    """An entry of jobs.json."""

    model_config = ConfigDict(extra="forbid")

    stage: str
    verb: str
    wildcards: dict[str, str | int | None]
    identity: Sha256
    action: Module
    modules: list[Module]
    settings: dict[str, Any] | None
    needs: dict[str, Any]
    distributions: list[str]
    reads: dict[str, Any]
    writes: dict[str, str]
    record: str
    published: list[str]

    @property
    def name(self) -> str:
        """The stage and the job's wildcards."""
        return " ".join([self.stage, *(str(value) for value in self.wildcards.values())])

    def outputs(self) -> list[str]:
        """Outputs that the artifact contains."""
        return [self.writes[role] for role in self.published if role in self.writes]


@dataclass(frozen=True)
class Artifact:
    """An opened artifact.

    Attributes
    ----------
    folder : path
    names : list of str
        Every file in it.
    described : Described
    jobs : list of DescribedJob
    volumes : list of dict
        The rows of data.tsv.
    """

    folder: Path
    names: list[str]
    described: Described
    jobs: list[DescribedJob]
    volumes: list[dict[str, str]]

    @property
    def package(self) -> Path:
        """The contained source of the library."""
        return self.folder / "source/workflow/mrisr"

    @property
    def results(self) -> str:
        """Where the results of the study are."""
        return f"results/{self.described.study}/"

    def version(self, distribution: str) -> str:
        """The version of a library with which the study ran."""
        return self.described.versions.get(distribution, "not told")

    def record(self, job: DescribedJob) -> Record | None:
        """The record of a job; None if there is none, or it is damaged."""
        return read_record(self.folder / job.record) if job.record in self.names else None


def read(folder: Path, names: list[str], where: Path) -> Artifact:
    """Read what an artifact says of itself.

    Raises
    ------
    InputError
        It is no artifact, of a newer form, or its description is damaged.
    """
    if DESCRIBED not in names:
        raise InputError(f"{where}: is no artifact: it has no {DESCRIBED}; 'snakemake publish' writes one")
    found = _parsed(folder, DESCRIBED, dict[str, Any], where)
    if isinstance(found.get("format"), int) and found["format"] > FORMAT:
        raise InputError(
            f"{where}: has the form {found['format']}, and this program reads forms up to {FORMAT}; install a newer one"
        )
    return Artifact(
        folder,
        names,
        _fitting(found, Described, DESCRIBED, where),
        _parsed(folder, JOBS, list[DescribedJob], where),
        _volumes(folder, where),
    )


def _parsed(folder: Path, name: str, schema: Any, where: Path) -> Any:
    try:
        return recorded.parse((folder / name).read_text(encoding="utf-8"), schema)
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: {name}: {_reason(error)}") from error


def _fitting(value: Any, schema: Any, name: str, where: Path) -> Any:
    try:
        return recorded.fitting(value, schema)
    except recorded.Unfit as error:
        raise InputError(f"{where}: {name}: {error}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is missing"
    return "cannot be read" if isinstance(error, OSError | UnicodeDecodeError) else str(error)


def _volumes(folder: Path, where: Path) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO((folder / "data.tsv").read_text(encoding="utf-8")), delimiter="\t")
        rows = list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{where}: data.tsv: {_reason(error)}") from error
    if tuple(reader.fieldnames or ()) != data.COLUMNS or any(None in (*row, *row.values()) for row in rows):
        raise InputError(f"{where}: data.tsv: is no table of volumes; its columns are {', '.join(data.COLUMNS)}")
    return rows


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file by its name, as the manifest lists them. Lines of another form are left out."""
    try:
        text = (folder / SUMS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (.+)$", text, flags=re.M)}


def leaves(value: Any) -> Iterator[Any]:
    """Every plain value in nested lists and mappings."""
    if isinstance(value, dict):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value
