"""The partitions of a cluster, and the requests that each can never satisfy."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .request import Request

FORMAT = "%P|%c|%m|%l|%G"
"""For ``sinfo``: partition (the default one with a star), CPUs and MB of its nodes, time limit, GPUs and the like."""


@dataclass(frozen=True)
class Node:
    """One kind of node: its CPUs, memory in MB, and GPUs."""

    cpus: int
    memory: int
    gpus: int


@dataclass
class Partition:
    """A partition: its time limit in minutes (None: no limit), and the kinds of nodes that it has."""

    name: str
    is_default: bool
    minutes: int | None
    nodes: list[Node] = field(default_factory=list)

    def lack(self, asked: Request) -> str | None:
        """The resource of a request that this partition can never give: runtime, gpu, cpus or mem_mb; None if none."""
        if asked.minutes and self.minutes is not None and asked.minutes > self.minutes:
            return "runtime"
        nodes = [node for node in self.nodes if node.gpus >= asked.gpus]
        if not nodes:
            return "gpu"
        nodes = [node for node in nodes if node.cpus >= asked.cpus]
        if not nodes:
            return "cpus"
        return "mem_mb" if (asked.memory or 0) > max(node.memory for node in nodes) else None

    def most(self, quantity: Callable[[Node], int]) -> int:
        """The largest amount of something that one node has."""
        return max(map(quantity, self.nodes), default=0)


def read_partitions(text: str) -> dict[str, Partition]:
    """The partitions by name, from what ``sinfo --exact --noheader --format=FORMAT`` printed."""
    found: dict[str, Partition] = {}
    for line in text.splitlines():
        label, cpus, memory, limit, gres = (part.strip() for part in line.split("|", 4))
        name = label.removesuffix("*")
        partition = found.setdefault(name, Partition(name, label.endswith("*"), _minutes(limit)))
        partition.nodes.append(Node(_number(cpus), _number(memory), _gpus(gres)))
    return found


def _number(text: str) -> int:
    """``16``, or the 16 of ``16+``: nodes that differ."""
    return int(re.match(r"\d*", text)[0] or 0)


def _gpus(gres: str) -> int:
    """GPUs of ``gpu:2``, ``gpu:a100:4(S:0-1),gpu:t4:1``, ``gpu``, ``(null)``."""
    entries = [entry for entry in re.sub(r"\([^)]*\)", "", gres).split(",") if re.match(r"gpu(:|$)", entry)]
    counts = [entry.rpartition(":")[2] for entry in entries]
    return sum(int(count) if count.isdigit() else 1 for count in counts)


def _minutes(limit: str) -> int | None:
    """Minutes of ``days-hours:minutes:seconds``, whose first parts may be missing; None for ``infinite``."""
    fields = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)??(\d+):(\d+)", limit)
    if fields is None:
        return None
    days, hours, minutes, _ = (int(part or 0) for part in fields.groups())
    return (days * 24 + hours) * 60 + minutes
