"""Memory and arithmetic of a network per pixel, measured once on a small image in another process.

Another process measures, so that planning does not load torch. The costs of a convolutional network are proportional to
the pixels of a batch, so one small measurement holds for every patch and slice.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from mrisr.identity import code_digest, digest

from .memo import Memo

Amount = Annotated[float, Field(ge=0, le=1e15)]
"""An amount of memory or arithmetic. The limit is above the needs of any network, and keeps products finite."""


class Network(BaseModel):
    """The costs of a network per HR pixel.

    ``saved``: bytes that a training step keeps for the gradient. ``largest``: bytes of an estimate's largest array.
    ``flops``: floating-point operations of an estimate. ``parameters`` is the total of the network.
    """

    model_config = ConfigDict(frozen=True)

    parameters: Annotated[int, Field(ge=0, le=10**15)]
    saved: Amount
    largest: Amount
    flops: Amount


UNKNOWN = Network(parameters=2_233_345, saved=28424.0, largest=768.0, flops=4.46e6)
"""Assumed for a network that has not been measured: the papers' largest, RRDBNet on the HR grid."""


def key(architecture: Mapping[str, Any], scale: int) -> str:
    """The key of an architecture's measurement. It depends on options and code, so a changed network is measured."""
    code = code_digest(frozenset({f"mrisr.models.{architecture['kind']}"}))
    return f"network {digest([dict(architecture), int(scale), code])}"


def measure(architectures: Sequence[tuple[Mapping[str, Any], int]], memo: Memo) -> None:
    """Measure each (architecture, scale of the network) that is not remembered yet. One that fails stays unknown."""
    missing = {key(architecture, scale): [dict(architecture), scale] for architecture, scale in architectures}
    missing = {name: request for name, request in missing.items() if memo.known(name, Network) is None}
    if not missing:
        return
    command = [sys.executable, "-m", "mrisr.costs._measure"]
    done = subprocess.run(command, input=json.dumps(missing), capture_output=True, text=True)
    if done.returncode == 0:
        for name, values in json.loads(done.stdout).items():
            memo.put(name, values)


def network(architecture: Mapping[str, Any], scale: int, memo: Memo) -> Network:
    """The measurement of an architecture, or `UNKNOWN`."""
    return memo.known(key(architecture, scale), Network) or UNKNOWN
