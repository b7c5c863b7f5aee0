"""The stage `kernels`: estimates a kernel for each slice of one subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from mrisr import arrays, kernels
from mrisr.arrays import SavedState, load_slices, slice_name
from mrisr.errors import InputError
from mrisr.files import write_text
from mrisr.imaging.estimation import Estimation, Status
from mrisr.meter import ProgressMeter
from mrisr.training.checkpoints import Checkpoints
from mrisr.training.execution import execution as running
from mrisr.training.interruption import Interrupted, Stop, stop_requests

KEEP_EVERY = 250
"""Number of a batch's iterations between two checkpoints."""
SHOWN = 3
"""Number of different problems that an error names."""


Counts = list[Annotated[int, Field(ge=0, lt=2**53)]]


class Unfinished(BaseModel):
    """The metadata of a checkpoint."""

    failures: list[list[str]]
    waiting: Counts
    present: Counts
    iteration: Annotated[int, Field(ge=0, lt=2**53)]
    steps: Annotated[int, Field(ge=0, lt=2**53)]


class Described(BaseModel):
    """The metadata of a finished estimation."""

    slice_ids: list[str]
    status: list[Status]
    failures: list[list[str]]


class _Keeper:
    """Saves checkpoints of an estimation, and stops it when that is requested."""

    def __init__(self, store: Checkpoints, stop: Stop):
        self.store, self.stop = store, stop

    def latest(self) -> SavedState | None:
        """The newest undamaged state."""
        return self.store.latest()

    def after(self, steps: int, state: Callable[[], SavedState]) -> None:
        """Save a state every `KEEP_EVERY` iterations, and before stopping."""
        self.stop.worked = True
        reason = self.stop.reason()
        kept = self.store.save(steps, *state()) if reason or steps % KEEP_EVERY == 0 else False
        if reason:
            way = "its state is kept, run again to go on" if kept else "its state could not be kept"
            again = kept and self.stop.signal is None
            raise Interrupted(f"kernel estimation stopped at iteration {steps}: {reason}; {way}", again=again)


def run(
    reads: Mapping[str, str],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    execution: Mapping[str, Any],
    checkpoints: Path,
    deadline: float | None = None,
    progress: Callable[[int, int], ProgressMeter] | None = None,
) -> None:
    """Estimate the kernels of a job. Write them, and a table of how each estimation went.

    Parameters
    ----------
    reads : {"references", "degraded"}
        Slices files of the subject, high- and low-resolution. Channels are averaged.
    writes : {"kernels", "table"}
        A safetensors file with ``kernels`` [n, k, k] (NaN where there is none), whose metadata name the slices; and a
        CSV file with one row per slice.
    settings : mapping
        ``method`` ({kind, options}), ``scale``, ``seed``, ``threads``.
    execution : mapping
        Options of the method that change no kernel: ``batch``, ``device``.
    identity, checkpoints, deadline, progress
        As in `mrisr.training.train.train`.

    Raises
    ------
    InputError
        A file is unreadable, or no slice of the subject has a kernel.
    Interrupted
        On a signal or at the deadline, after writing a checkpoint.
    """
    sharp, metadata = load_slices(reads["references"])
    blurred, _ = load_slices(reads["degraded"])
    method, names = settings["method"], [slice_name(metadata["subject"], index) for index in sharp]
    if missing := sorted(sharp.keys() - blurred.keys()):
        raise InputError(f"{reads['degraded']}: slice {missing[0]} is missing; delete the file and run again")
    store = Checkpoints(checkpoints / identity, step=Unfinished, final=Described)
    device = execution.get("device", "auto")
    with running(threads=settings["threads"], device=device), stop_requests(deadline) as stop:
        estimation = _finished(store.final(), names) or kernels.estimate_report(
            method["kind"],
            [image.mean(axis=0) for image in sharp.values()],
            [blurred[index].mean(axis=0) for index in sharp],
            scale=settings["scale"],
            seed=settings["seed"],
            slice_ids=names,
            progress=progress,
            keeper=_Keeper(store, stop),
            **method["options"],
            **execution,
        )
    store.save_final(*_packed(estimation))
    if "estimated" not in estimation.status:
        raise InputError(_nothing(metadata["subject"], estimation))
    write_text(writes["table"], table(estimation).to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    kept = {"subject": metadata["subject"], "slice_ids": names, "method": method, "identity": identity}
    arrays.save(writes["kernels"], {"kernels": estimation.kernels}, {**kept, "status": list(estimation.status)})


def _nothing(subject: str, estimation: Estimation) -> str:
    """The error message for a subject whose slices all have no kernel."""
    counts = {status: estimation.status.count(status) for status in dict.fromkeys(estimation.status)}
    problems = dict.fromkeys(problem for failures in estimation.failures for problem in failures)
    why = ", ".join(f"{count} {status}" for status, count in counts.items())
    seen = f" ({'; '.join(list(problems)[:SHOWN])})" if problems else ""
    return (
        f"subject '{subject}': none of its {len(estimation.status)} slices has a kernel: {why}{seen}; "
        "choose slices with structure, denoise the low-resolution scan, or check that both scans show the same"
    )


def table(estimation: Estimation) -> pd.DataFrame:
    """One row per slice: its status, the number of attempts, why attempts failed, and the kernel's centre of mass."""
    rows, columns = (np.arange(n) for n in estimation.kernels.shape[1:])
    return pd.DataFrame(
        {
            "slice": estimation.slice_ids,
            "status": estimation.status,
            "attempts": estimation.attempts,
            "failures": ["; ".join(failures) for failures in estimation.failures],
            "centre_row": [float((kernel.sum(axis=1) * rows).sum()) for kernel in estimation.kernels],
            "centre_column": [float((kernel.sum(axis=0) * columns).sum()) for kernel in estimation.kernels],
            "largest": estimation.kernels.max(axis=(1, 2)),
        }
    )


def _packed(estimation: Estimation) -> SavedState:
    losses = {f"losses/{name}": values for name, values in estimation.losses.items()}
    described = {name: getattr(estimation, name) for name in ("slice_ids", "status", "failures")}
    return {"kernels": estimation.kernels, **losses}, described


def _finished(content: SavedState | None, names: list[str]) -> Estimation | None:
    """The finished estimation of the named slices; None if there is none, or it belongs to other slices."""
    if content is None:
        return None
    tensors, described = content
    losses = {name.removeprefix("losses/"): t for name, t in tensors.items() if name.startswith("losses/")}
    found = tensors.get("kernels", np.empty(0))
    lengths = {len(names), len(found), *(len(described[key]) for key in ("status", "failures"))}
    if described["slice_ids"] != names or len(lengths) > 1 or found.ndim != 3:
        return None
    return Estimation(kernels=found, losses=losses, **{key: described[key] for key in Described.model_fields})
