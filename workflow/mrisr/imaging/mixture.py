"""Which member of a mixture degrades which slice."""

from __future__ import annotations

from collections.abc import Sequence

from mrisr.errors import InputError, require_integer

from .random import generator


def assign(slice_ids: Sequence[str | int], members: Sequence[str], *, seed: int = 0) -> list[str]:
    """Give every slice one member, equal numbers of each (plus or minus one when they do not divide).

    The sorted ids are shuffled and the shuffled members dealt to them in turn. The result is a function of (seed, set
    of ids, members): independent of the order in which the ids are given, of the platform and of the process.

    Parameters
    ----------
    slice_ids : sequence of str or int
        Names of the slices, each once, as ``subject/0012``.
    members : sequence of str
        Names of the degradations; a name that stands twice gets twice as many slices.
    seed : int
        At least 0.

    Returns
    -------
    list of str
        The member of each slice, in the order of ``slice_ids``.

    Raises
    ------
    InputError
        No members, an id that stands twice, or a negative seed.
    """
    ids = [str(slice_id) for slice_id in slice_ids]
    if not members:
        raise InputError("a mixture needs at least one member")
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise InputError(f"a mixture uses each slice once, but slice '{twice}' is listed more than once")
    require_integer("the seed of a mixture", seed, at_least=0)
    ordered = sorted(ids)
    # The ids are part of the seed: slices degraded one at a time would else all get the same member.
    random = generator(seed, "\0".join(ordered))
    shuffled, dealt = random.permutation(len(ordered)), random.permutation(len(members))
    member = {ordered[index]: members[dealt[turn % len(members)]] for turn, index in enumerate(shuffled)}
    return [member[slice_id] for slice_id in ids]
