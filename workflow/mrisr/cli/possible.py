"""What ``mrisr check`` says of a study's sizes: it runs no training, so a machine that is too small is no error."""

from __future__ import annotations

import math
import sys

from mrisr.costs.machine import memory
from mrisr.costs.resources import Resources
from mrisr.planning.plan import Plan
from mrisr.running.beforehand import impossible, require_possible


def require_possible_somewhere(plan: Plan, resources: Resources, *, source: str) -> None:
    """As `require_possible` for a machine of any memory. Warn of each size that is too large for this one."""
    require_possible(plan, resources, source=source, memory=math.inf)
    for line in impossible(plan, resources, source=source, memory=memory()):
        sys.stderr.write(f"warning: {line}\n")
