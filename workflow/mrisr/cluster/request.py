"""The resources that a job requests from a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """Resources of a job: memory in MB, time in minutes. None and () mean that the job does not request any.

    ``section`` is the section of the study that sets its threads and its device.
    """

    rule: str
    partitions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    cpus: int = 1
    memory: int | None = None
    minutes: int | None = None
    gpus: int = 0
    section: str | None = None


def request(job: Any) -> Request | None:
    """The request that Snakemake's SLURM plugin makes for a job; None if the job goes to another cluster."""
    resources = job.resources
    if any(resources.get(name) for name in ("cluster", "clusters", "slurm_cluster")):
        return None
    cpus = _number(resources.get("cpus_per_task")) or job.threads
    per_cpu = _number(resources.get("mem_mb_per_cpu"))
    return Request(
        rule=job.rule.name,
        partitions=_names(resources.get("slurm_partition")),
        accounts=_names(resources.get("slurm_account")),
        cpus=cpus,
        memory=per_cpu * cpus if per_cpu else _number(resources.get("mem_mb")),
        minutes=_number(resources.get("runtime")),
        gpus=_number(resources.get("gpu")) or _gpus(str(resources.get("gres") or "")),
    )


def _names(value: Any) -> tuple[str, ...]:
    """The partitions or accounts in a value. SLURM takes several in one word, separated by commas."""
    return tuple(name for name in re.split(r"[,\s]+", str(value or "")) if name)


def _number(value: Any) -> int | None:
    # In a dry run a resource may be text, because it is known only when the job's input exists.
    return value if isinstance(value, int) and value > 0 else None


def _gpus(gres: str) -> int:
    """GPUs of ``gpu``, ``gpu:2``, ``gpu:a100:2``."""
    if not re.match(r"gpu(:|$)", gres):
        return 0
    count = gres.rpartition(":")[2]
    return int(count) if count.isdigit() else 1
