"""Chooses for each slice the member of a mixture that degrades it."""

from __future__ import annotations

from collections.abc import Sequence

from mrisr.errors import InputError, require_integer

from .random import generator


def assign(slice_ids: Sequence[str | int], members: Sequence[str], *, seed: int = 0) -> list[str]:
    """Assign one member to every slice, so that all members get equally many (to within one).

    The sorted ids are shuffled; the shuffled members are dealt to them in turn. The result depends only on the seed,
    the set of ids and the members. It does not depend on the order of the ids, the platform or the process.

    Parameters
    ----------
    slice_ids : sequence of str or int
        Names of the slices, such as ``subject/0012``, all different.
    members : sequence of str
        Names of the degradations. A name given twice gets twice as many slices.
    seed : int
        At least 0.

    Returns
    -------
    list of str
        The member of each slice, in the order of ``slice_ids``.

    Raises
    ------
    InputError
        There are no members, an id is given twice, or the seed is negative.
    """
    ids = [str(slice_id) for slice_id in slice_ids]
    if not members:
        raise InputError("a mixture needs at least one member")
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise InputError(f"a mixture uses each slice once, but slice '{twice}' is listed more than once")
    require_integer("the seed of a mixture", seed, at_least=0)
    ordered = sorted(ids)
    # The ids are part of the seed. Otherwise slices degraded one at a time would all get the same member.
    random = generator(seed, "\0".join(ordered))
    shuffled, dealt = random.permutation(len(ordered)), random.permutation(len(members))
    member = {ordered[index]: members[dealt[turn % len(members)]] for turn, index in enumerate(shuffled)}
    return [member[slice_id] for slice_id in ids]
