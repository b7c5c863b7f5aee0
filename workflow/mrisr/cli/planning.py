"""What ``mrisr plan`` prints."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path

from mrisr.cores import cores
from mrisr.costs.calibration import Calibration
from mrisr.costs.forecast import Forecast, Line, peak
from mrisr.costs.resources import Resources
from mrisr.planning.plan import Plan
from mrisr.planning.tables import cross_validation
from mrisr.progress import duration

HEADER = ("stage", "jobs", "done", "to do", "time", "GPU hours", "disk to come", "disk there", "memory")


def forecast(plan: Plan, study: Path, *, seconds: float) -> str:
    """The costs of a study as text. On this machine's device, each kind of work is first timed for ``seconds``."""
    device, name = _device()
    resources = Resources(plan, auto=device)
    resources.measure_networks()
    stages = Forecast(plan, study, resources, Calibration(seconds=seconds), device).lines()
    resources.memo.save()
    lines = [*_table(stages, device=device), "", *_summary(stages, device=device, cores=cores())]
    folds = [cross_validation(plan)] if plan.study.folds else []
    where = f"measured on {name}, one job at a time" if device == "cuda" else f"measured on one core of {name}, no GPU"
    return "\n".join([f"{plan.study.study}: {where}", *folds, "", *lines])


def _device() -> tuple[str, str]:
    """``cuda`` or ``cpu``, and the name of the device."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.cuda.get_device_name()
    return "cpu", platform.processor() or platform.machine()


def _table(stages: Sequence[Line], *, device: str) -> list[str]:
    rows = [HEADER, *(_row(stage, device=device) for stage in [*stages, _total(stages)])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return ["  ".join([row[0].ljust(widths[0]), *cells[1:]]) for row, cells in zip(rows, aligned, strict=True)]


def _row(line: Line, *, device: str) -> tuple[str, ...]:
    return (
        line.name,
        *map(str, (line.jobs, line.done, line.jobs - line.done)),
        duration(line.seconds),
        f"{line.gpu_seconds / 3600:.2f}" if device == "cuda" else "-",
        *map(_size, (line.bytes, line.bytes_there)),
        f"{line.memory_mb / 1000:.1f} GB",
    )


def _total(stages: Sequence[Line]) -> Line:
    total = Line("all", memory_mb=peak(stages))
    for stage in stages:
        for name in ("jobs", "done", "seconds", "gpu_seconds", "bytes", "bytes_there"):
            setattr(total, name, getattr(total, name) + getattr(stage, name))
    return total


def _summary(stages: Sequence[Line], *, device: str, cores: int) -> list[str]:
    total = _total(stages)
    if total.jobs == total.done:
        return ["everything is done; nothing would run"]
    lines = [f"to do: {duration(total.seconds)} of work, one job after the other on this machine"]
    if device == "cpu":
        lines.append(
            f"at best {duration(total.seconds / cores)} on its {cores} cores; "
            "for GPU hours run this on a machine with a GPU"
        )
    return lines


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
