"""What can be known to fail before anything runs: all of it at once, one line each."""

from __future__ import annotations

from mrisr.costs.resources import Resources
from mrisr.errors import InputError
from mrisr.planning.plan import Plan

from .trial import require_buildable


def require_possible(plan: Plan, resources: Resources, *, source: str, memory: float) -> None:
    """Make every method of a study once, and compare its sizes with the volumes, a machine and a lifetime.

    Parameters
    ----------
    plan : Plan
    resources : Resources
        For the sizes of the volumes.
    source : str
        The study's file, for messages.
    memory : float
        Bytes of memory of this machine. Infinite if the jobs run elsewhere: a cluster's largest node is asked for later
        (`mrisr.cluster.preflight`).

    Raises
    ------
    InputError
        One line for each method that cannot be made and each size that is impossible.
    """
    if problems := impossible(plan, resources, source=source, memory=memory):
        raise InputError(*problems)


def impossible(plan: Plan, resources: Resources, *, source: str, memory: float) -> list[str]:
    """The lines of `require_possible`."""
    problems: list[str] = []
    try:
        require_buildable(plan.study, plan.subjects.digests, source=source, memory=memory)
    except InputError as error:
        problems += error.problems
    try:
        problems += [f"{source}: {problem}" for problem in resources.limits(memory)]
    except InputError as error:
        problems += error.problems
    except OSError:
        # A file that an option names cannot be read. The methods' problems say so already.
        if not problems:
            raise
    return problems
