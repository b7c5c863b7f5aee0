"""Where the jobs' commands find the program ``mrisr``."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def put_on_path() -> None:
    """Put the folder of the running Python first on PATH, unless it is on it already.

    ``.venv/bin/snakemake`` may be called without the environment being active. Its jobs then use the programs of the
    same environment. A job of a cluster reads the Snakefile too, with the same Python, so it does the same on its node.
    """
    own = str(Path(sys.executable).parent)
    found = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    if own not in map(os.path.normpath, found):
        os.environ["PATH"] = os.pathsep.join([own, *found])
