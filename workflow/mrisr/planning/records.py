"""run.json: the record that a job leaves beside its outputs."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from mrisr import __version__, files
from mrisr.files import recorded
from mrisr.identity.code import NUMERICAL, Sha256, version

Stamp = Annotated[list[Annotated[int, Field(ge=-(2**63), lt=2**63)]], Field(min_length=2, max_length=2)]
"""Size, and time of the last change in nanoseconds."""
ASIDE = "set-aside"
"""Folder of outputs that are not current."""


class Output(BaseModel):
    """A file as its job left it."""

    sha256: Sha256
    stamp: Stamp


class Record(BaseModel):
    """The part of a run.json that is read again; the rest is for people."""

    identity: Annotated[str, Field(min_length=1)]
    outputs: dict[str, Output]
    seconds: Annotated[float, Field(ge=-1e10, le=1e10)] = 0.0
    """How long the job took. It was negative where a clock was set back."""


class Recorder:
    """Times a job and writes its record when its outputs are complete.

    Parameters
    ----------
    identity : str
        The job's identity.
    """

    def __init__(self, identity: str):
        self.identity = identity
        self.began = time.monotonic()

    def write(self, path: Path | str, outputs: Mapping[str, str], **more: Any) -> None:
        """Write the record: identity, SHA-256 of each output, command, versions, host, threads, seconds.

        ``processor_seconds`` are of the process and of those that it has started, from its start on.
        """
        folder = Path(path).parent
        files.write_json(
            path,
            {
                "identity": self.identity,
                "outputs": {os.path.relpath(name, folder): _described(name) for name in sorted(outputs.values())},
                "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
                "versions": {
                    "mrisr": __version__,
                    "python": platform.python_version(),
                    **{name: version(name) for name in NUMERICAL.values()},
                },
                "host": platform.node(),
                "machine": platform.machine(),
                "seconds": round(time.monotonic() - self.began, 3),
                "processor_seconds": round(sum(os.times()[:4]), 3),
                **more,
            },
        )


def _described(path: str) -> dict[str, Any]:
    status = os.stat(path)
    return {"sha256": files.sha256(path), "stamp": [status.st_size, status.st_mtime_ns]}


def read_record(path: Path | str) -> Record | None:
    """The record at ``path``; None if there is none, or it is damaged."""
    return recorded.read(path, Record)


def verify_results(folder: Path | str, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Read every output below a folder and compare it with the record of its job.

    Parameters
    ----------
    folder : path
        A study's results, or a part of them; what was set aside is left out.
    progress : callable, optional
        Called as ``progress(done, total)`` after each record.

    Returns
    -------
    list of str
        One line per problem: a damaged record, a missing output, or an output that is not what its job wrote. Empty if
        everything is unchanged.
    """
    folder = Path(folder)
    paths = [p for p in sorted(folder.rglob("*run.json")) if ASIDE not in p.relative_to(folder).parts]
    if not paths:
        return [f"{folder}: there is no run.json below it, so nothing can be compared"]
    problems = []
    for done, path in enumerate(paths, start=1):
        problems += _problems(path, folder)
        if progress:
            progress(done, len(paths))
    return problems


def _problems(path: Path, folder: Path) -> Iterator[str]:
    record = read_record(path)
    if record is None:
        yield f"{path}: is damaged, so its outputs cannot be compared"
        return
    for name, made in record.outputs.items():
        place = Path(os.path.normpath(path.parent / name))
        if not Path(os.path.abspath(place)).is_relative_to(os.path.abspath(folder)):
            # No job writes such a path, and it could be any file of the machine.
            yield f"{path}: names an output outside {folder} ({name!a})"
            continue
        try:
            found = files.sha256(place)
        except FileNotFoundError:
            yield f"{ascii(str(place))[1:-1]}: is missing"
        except (OSError, ValueError) as error:
            yield f"{ascii(str(place))[1:-1]}: cannot be read ({error})"
        else:
            if found != made.sha256:
                yield f"{place}: is not what its job wrote (SHA-256 {found[:16]}..., not {made.sha256[:16]}...)"
