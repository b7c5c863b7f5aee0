"""The study files that Snakemake is about to read.

Snakemake reads them before the Snakefile. It would wait for ever on a FIFO, and answers some mistakes with a traceback.
The default profile calls this before.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mrisr.errors import InputError
from mrisr.study.validation import parsed, require_readable

OPTION = "--configfiles"
SHORTEST = "--configf"
"""Its shortest prefix that is no prefix of ``--config``."""
DEFAULT = "config.yaml"


def require_readable_studies(arguments: Sequence[str]) -> None:
    """End with one line for each study file of a command line that cannot be read."""
    problems = []
    for path in given(arguments) or [DEFAULT]:
        try:
            require_readable(path)
            _require_values(path)
        except InputError as error:
            problems += error.problems
    if problems:
        sys.exit("\n".join(f"error: {problem}" for problem in problems))


def _require_values(path: str) -> None:
    """Raise `InputError` if a file is no YAML or JSON. Snakemake itself says of a missing file what is wrong."""
    try:
        text = Path(path).read_bytes().decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not in UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    except OSError:
        return
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        parsed(text.removeprefix("\ufeff"), source=path)


def given(arguments: Sequence[str]) -> list[str]:
    """The files that ``--configfile`` names among Snakemake's arguments."""
    files: list[str] = []
    follow = False
    for argument in arguments:
        name, _, value = argument.partition("=")
        if argument.startswith("-"):
            follow = name.startswith(SHORTEST) and OPTION.startswith(name)
            files += [value] if follow and value else []
        elif follow:
            files.append(argument)
    return files
