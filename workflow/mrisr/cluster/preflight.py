"""Finds, before anything is submitted, what would prevent a study's jobs from ever running on a cluster.

SLURM refuses some such jobs one by one, and lets the others wait in the queue for ever.
"""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mrisr.errors import suggestion

from .accounts import known_accounts
from .commands import NEEDED, ask
from .partitions import FORMAT, Partition, read_partitions
from .request import Request

PROFILE = "profiles/slurm/config.yaml"

Overwritten = Mapping[str, Mapping[str, Any]]
"""The profile's ``set-resources``, by rule."""


def problems(requests: Iterable[Request], overwritten: Overwritten) -> list[str]:
    """One line for each thing that is wrong, and where to change it.

    Parameters
    ----------
    requests : iterable of Request
        The requests of all jobs that would be submitted.
    overwritten : mapping
        The profile's ``set-resources``, to name the key that a wrong value comes from.
    """
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return [f"{', '.join(missing)}: not on PATH; `--profile slurm` needs a machine from which jobs are submitted"]
    status, answer = ask("sinfo", "--all", "--exact", "--noheader", f"--format={FORMAT}")
    if status:
        return [f"SLURM's controller does not answer ({' '.join(answer.split())}); ask `scontrol ping`"]
    partitions = read_partitions(answer)
    # The jobs of a rule may differ in size. The largest comes first, so its line stands for all of them.
    ordered = sorted(set(requests), key=lambda r: (r.rule, -r.cpus, -(r.memory or 0), -(r.minutes or 0)))
    found = [*_accounts(ordered, overwritten), *_partitions(ordered, partitions, overwritten)]
    return list(dict.fromkeys(found))


def _accounts(requests: Iterable[Request], overwritten: Overwritten) -> Iterator[str]:
    asked = {(_key(r, "slurm_account", overwritten), name) for r in requests for name in r.accounts}
    known = known_accounts() if asked else []
    for key, name in sorted(asked):
        if known and name.lower() not in known:
            yield f"{key}: '{name}' is no account of {getpass.getuser()} ({suggestion(name.lower(), known)})"


def _partitions(
    requests: Iterable[Request], partitions: Mapping[str, Partition], overwritten: Overwritten
) -> Iterator[str]:
    default = tuple(name for name, partition in partitions.items() if partition.is_default)
    said = set()
    for asked in requests:
        key = _key(asked, "slurm_partition", overwritten)
        names = asked.partitions or default
        if not names:
            yield f"{key}: is missing, and the cluster has no default ({suggestion('', partitions)})"
        unknown = [name for name in names if name not in partitions]
        yield from (f"{key}: there is no partition '{name}' ({suggestion(name, partitions)})" for name in unknown)
        lacks = [(partitions[name], partitions[name].lack(asked)) for name in names if name in partitions]
        # Of several partitions SLURM takes any that can run the job.
        if lacks and not unknown and all(lack for _, lack in lacks):
            partition, lack = lacks[0]
            if (asked.rule, lack) not in said:
                yield f"{key}: {_SENTENCES[lack](asked, partition, partitions)}"
            said.add((asked.rule, lack))


def _runtime(asked: Request, partition: Partition, _: Mapping[str, Partition]) -> str:
    return (
        f"'{partition.name}' ends a job after {partition.minutes} minutes and {asked.rule} asks for {asked.minutes}; "
        f"name another partition, or write at most {partition.minutes} in set-resources.{asked.rule}.runtime"
    )


def _gpu(asked: Request, partition: Partition, partitions: Mapping[str, Partition]) -> str:
    having = [name for name, other in partitions.items() if other.most(lambda node: node.gpus) >= asked.gpus]
    most = partition.most(lambda node: node.gpus)
    key = ".".join(filter(None, (asked.section, "device")))
    return (
        f"{asked.rule} asks for {asked.gpus} GPU{'s' * (asked.gpus > 1)} and '{partition.name}' has "
        f"{f'{most} in a node' if most else 'none'}; write `{key}: cpu` in the study, "
        f"or name another partition (with GPUs: {', '.join(having) or 'none'})"
    )


def _cpus(asked: Request, partition: Partition, _: Mapping[str, Partition]) -> str:
    section = asked.section
    return (
        f"{asked.rule} asks for {asked.cpus} cores and the largest node of '{partition.name}' has "
        f"{partition.most(lambda node: node.cpus)}; name another partition"
        f"{f', or write fewer in the study: {section}.threads' if section else ''}"
    )


def _memory(asked: Request, partition: Partition, _: Mapping[str, Partition]) -> str:
    return (
        f"{asked.rule} asks for {asked.memory} MB and the largest node of '{partition.name}' has "
        f"{partition.most(lambda node: node.memory)}; name another partition, or write less in "
        f"set-resources.{asked.rule}.mem_mb"
    )


_SENTENCES = {"runtime": _runtime, "gpu": _gpu, "cpus": _cpus, "mem_mb": _memory}


def _key(asked: Request, resource: str, overwritten: Overwritten) -> str:
    section = f"set-resources.{asked.rule}" if resource in overwritten.get(asked.rule, ()) else "default-resources"
    return f"{PROFILE}: {section}.{resource}"
