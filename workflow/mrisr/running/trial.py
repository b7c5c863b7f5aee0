"""Makes every method of a study once before anything runs, in another process because planning does not load torch.

A method itself knows which values of its options are possible together. Without this, a job would find a wrong one
hours later. What could be made is remembered by options and code, so the process is needed only after a change.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from mrisr import plugins
from mrisr.costs.machine import memory as own_memory
from mrisr.costs.memo import Memo
from mrisr.errors import InputError
from mrisr.files import recorded
from mrisr.identity import ContentDigests, code_digest, contents, digest
from mrisr.study.building import Buildable, buildable
from mrisr.study.config import StudyConfig
from mrisr.study.places import TRIALS


class Made(BaseModel):
    """What is remembered of a method that could be made: ``bytes`` of its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: Annotated[int, Field(ge=0, lt=2**63)]


class Answer(BaseModel):
    """A line of the other process: the key of a method, and the bytes of its parameters or what is wrong.

    Without either, the method cannot be tried on this machine.
    """

    key: str
    bytes: int | None = None
    problems: list[str] = []


def require_buildable(study: StudyConfig, digests: ContentDigests, *, source: str, memory: float) -> None:
    """Make every method of a study that can be made now and has not been made before.

    Parameters
    ----------
    study : StudyConfig
        Validated and resolved.
    digests : ContentDigests
        For files that options name.
    source : str
        The study's file, for messages.
    memory : float
        Bytes that its parameters may take; infinite if its job runs on another machine.

    Raises
    ------
    InputError
        One line for each method that cannot be made, or whose parameters do not fit into the memory.
    """
    memo, methods = Memo(TRIALS), list(buildable(study))
    keys, problems = {}, []
    for method in methods:
        try:
            keys[_key(method, digests)] = method
        except OSError as error:
            said = f"{error.filename}: cannot be read ({error.strerror})" if error.filename else error
            problems.append(f"{method.where}: {said}; give the path of a file")
    missing = {key: method for key, method in keys.items() if memo.known(key, Made) is None}
    told = _try(missing, memo, memory) if missing else {}
    memo.save()
    for key, method in keys.items():
        known = memo.known(key, Made)
        found = told.get(key, []) + (_too_large(known.bytes, memory) if known else [])
        problems += (f"{method.where}: {problem}" for problem in found)
    if problems:
        raise InputError(*(f"{source}: {problem}" for problem in dict.fromkeys(problems)))


def _key(method: Buildable, digests: ContentDigests) -> str:
    form = {"kind": method.kind, "options": method.options}
    named, _ = contents.by_content(method.shelf, form, digests)
    return digest([method.shelf, named, code_digest(frozenset(plugins.modules(method.shelf, form)))])


def _try(methods: Mapping[str, Buildable], memo: Memo, memory: float) -> dict[str, list[str]]:
    """What is wrong with each method that cannot be made; the others are put into the memory."""
    waiting, problems = dict(methods), {}
    while waiting:
        answers, ending = _ask(waiting, memory)
        for answer in answers:
            waiting.pop(answer.key)
            if answer.problems:
                problems[answer.key] = answer.problems
            elif answer.bytes is not None:
                memo.put(answer.key, {"bytes": answer.bytes})
        if waiting:
            # Methods are made in turn, so the process ended at the first one without an answer.
            key = next(iter(waiting))
            waiting.pop(key)
            problems[key] = [f"the process that made it {ending}"]
    return problems


def _ask(methods: Mapping[str, Buildable], memory: float) -> tuple[list[Answer], str]:
    """The other process's answers, and how it ended."""
    requests = [{"key": key, "shelf": m.shelf, "kind": m.kind, "options": m.options} for key, m in methods.items()]
    command = [sys.executable, "-m", "mrisr.running._trial"]
    question = json.dumps(
        {"memory": memory if math.isfinite(memory) else None, "own": own_memory(), "methods": requests}
    )
    done = subprocess.run(command, input=question, capture_output=True, text=True)
    last = next((line.strip() for line in reversed(done.stderr.splitlines()) if line.strip()), "it said nothing")
    answers = [recorded.parse(line, Answer) for line in done.stdout.splitlines()]
    return answers, f"ended with status {done.returncode} ({last})"


def _too_large(needed: int, memory: float) -> list[str]:
    if needed <= memory:
        return []
    return [f"its parameters alone take {needed / 1e9:.3g} GB, this machine has {memory / 1e9:.3g} GB; make it smaller"]
