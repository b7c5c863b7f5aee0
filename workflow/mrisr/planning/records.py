"""run.json: what a job leaves beside what it made."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr import __version__, files
from mrisr.identity import NUMERICAL, version


class Recorder:
    """Times a job and writes its record when its outputs stand.

    Parameters
    ----------
    identity : str
        The job's identity.
    """

    def __init__(self, identity: str):
        self.identity = identity
        self.began = time.time()

    def write(self, path: Path | str, outputs: Mapping[str, str], **more: Any) -> None:
        """Write the record: identity, SHA-256 of each output, command, versions, host, threads, seconds."""
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
                "seconds": round(time.time() - self.began, 3),
                **more,
            },
        )


def _described(path: str) -> dict[str, Any]:
    status = os.stat(path)
    return {"sha256": files.sha256(path), "stamp": [status.st_size, status.st_mtime_ns]}


def read_record(path: Path | str) -> dict[str, Any] | None:
    """The record at ``path``; None if there is none, or it is damaged."""
    try:
        record = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and "identity" in record else None
