"""Runs several studies one after the other, each by a Snakemake of its own, and joins their results in one report."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mrisr.artifact.joined import Made, write
from mrisr.errors import InputError
from mrisr.study.places import ALL_STUDIES
from mrisr.study.validation import load_study

DEFAULT = Path("config.yaml")
SHELF = Path("workflow/studies")
RESULTS = Path("results")


def small_studies() -> list[Path]:
    """The default study, and every study of the shelf that has a small version."""
    return [DEFAULT, *sorted(SHELF.glob("*-small.yaml"))]


def run_all(studies: Sequence[Path], *, cores: int, out: Path = ALL_STUDIES) -> Path:
    """Run studies and write their joint report. A study that fails does not keep the others from running.

    What is complete and current runs nothing again, so a call after an interruption continues.

    Raises
    ------
    InputError
        A study is not valid (nothing has run then), or some did not end well (the report says which).
    """
    loaded = [(path, load_study(str(path))) for path in studies]
    made = []
    for number, (path, study) in enumerate(loaded, start=1):
        sys.stderr.write(f"study {number} of {len(loaded)}: {study.study} ({path})\n")
        command = [sys.executable, "-P", "-m", "snakemake", "--cores", str(cores), "--configfile", str(path)]
        finished = subprocess.run(command).returncode == 0
        made.append(Made(study.study, _about(path), RESULTS / study.study, finished))
    index = write(made, out)
    if failed := [study.name for study in made if not study.finished]:
        raise InputError(f"{', '.join(failed)}: not complete, see the messages above; {index} shows what is there")
    return index


def _about(path: Path) -> str:
    """The first paragraph of a study file's leading comment."""
    words = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        words.append(line.removeprefix("# ").strip())
    return " ".join(words)
