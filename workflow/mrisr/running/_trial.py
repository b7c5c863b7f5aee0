"""The process that makes methods: a request as JSON on standard input, a line of JSON for each method on the output."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.modules.module import register_module_parameter_registration_hook

from mrisr import plugins
from mrisr.errors import InputError

MOST = 20_000
"""Arrays of parameters that are built at most. Networks of the field have some thousands."""


class TooLarge(InputError):
    """The parameters of a network do not fit into the memory."""


def made(shelf: str, kind: str, options: dict[str, Any], memory: int | None, own: int | None = None) -> dict[str, Any]:
    """Make a method: the ``bytes`` of its parameters, or the ``problems``.

    ``memory`` limits the parameters, in bytes; None if the method is for another machine. ``own`` is this machine's
    memory, which limits what has to be made with its numbers. If that is too little for a method of another
    machine, the answer is empty.
    """
    try:
        try:
            with torch.device("meta"), _fitting(memory):
                method = plugins.build(shelf, kind, **options)
        except InputError:
            raise
        except Exception as error:  # what computes while it is made does not work without numbers
            if "overflow" in str(error):
                raise
            with _fitting(own if memory is None else memory):
                method = plugins.build(shelf, kind, **options)
    except TooLarge as error:
        return {"problems": error.problems} if memory is not None else {}
    except InputError as error:
        return {"problems": error.problems}
    except Exception as error:  # a method may fail in any way on values that nobody has thought of
        said = " ".join(str(error).split())[:200]
        return {"problems": [f"cannot be made with these options ({type(error).__name__}: {said})"]}
    parameters = method.parameters() if isinstance(method, torch.nn.Module) else []
    return {"bytes": sum(parameter.nbytes for parameter in parameters)}


@contextlib.contextmanager
def _fitting(memory: int | None) -> Iterator[None]:
    """Stop making a network whose parameters do not fit into ``memory``, in bytes, or that has too many of them."""
    needed = count = 0

    def count_in(module: torch.nn.Module, name: str, parameter: torch.nn.Parameter | None) -> None:
        """Count an array of parameters, and stop at the first that is too much."""
        nonlocal needed, count
        needed, count = needed + (0 if parameter is None else parameter.nbytes), count + 1
        if memory is not None and needed > memory:
            raise TooLarge(
                f"its parameters alone take {needed / 1e9:.3g} GB or more, this machine has {memory / 1e9:.3g} GB; "
                "make it smaller"
            )
        if count > MOST:
            raise InputError(f"it has more than {MOST} arrays of parameters; make it smaller")

    handle = register_module_parameter_registration_hook(count_in)
    try:
        yield
    finally:
        handle.remove()


def main() -> None:
    """Answer each request at once: if the process ends early, the first without an answer is the one that ended it."""
    torch.set_num_threads(1)
    request, output = json.load(sys.stdin), sys.stdout
    # What a method prints is no answer.
    sys.stdout = sys.stderr
    for method in request["methods"]:
        answer = made(method["shelf"], method["kind"], method["options"], request["memory"], request["own"])
        print(json.dumps({"key": method["key"], **answer}), file=output, flush=True)


if __name__ == "__main__":
    main()
