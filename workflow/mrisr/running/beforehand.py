"""What can be known to fail before anything runs: all of it at once, one line each."""

from __future__ import annotations

from mrisr.costs.resources import Resources
from mrisr.errors import InputError
from mrisr.planning.plan import Plan

from .machine import memory
from .trial import require_buildable


def require_possible(plan: Plan, resources: Resources, *, source: str) -> None:
    """Make every method of a study once, and compare its sizes with the volumes, this machine and a lifetime.

    Parameters
    ----------
    plan : Plan
    resources : Resources
        For the sizes of the volumes.
    source : str
        The study's file, for messages.

    Raises
    ------
    InputError
        One line for each method that cannot be made and each size that is impossible.
    """
    problems = []
    try:
        require_buildable(plan.study, plan.subjects.digests, source=source)
    except InputError as error:
        problems += error.problems
    try:
        problems += [f"{source}: {problem}" for problem in resources.limits(memory())]
    except InputError as error:
        problems += error.problems
    except OSError:
        # A file that an option names cannot be read. The methods' problems say so already.
        if not problems:
            raise
    if problems:
        raise InputError(*problems)
