"""Random numbers from a seed and a name. They must never change, because every result of a study depends on them."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from mrisr.imaging.random import generator


def numbers(*arguments, **options) -> list[int]:
    return generator(*arguments, **options).integers(2**32, size=8).tolist()


def words(name: str, kind: str) -> list[int]:
    return np.frombuffer(hashlib.sha256(name.encode()).digest(), kind).tolist()


@pytest.mark.parametrize("seed", [0, 7, 2**33])
@pytest.mark.parametrize("name", ["", "ann/0012", "Zoë\0bob"])
def test_they_are_numpys_for_the_seed_and_the_digest_of_the_name(seed, name):
    of_words, of_bytes = ([seed, *words(name, kind)] for kind in (">u4", "u1"))
    for entropy, options in ((of_words, {}), (of_bytes, {"bytes_a_word": 1})):
        assert numbers(seed, name, **options) == np.random.default_rng(entropy).integers(2**32, size=8).tolist()
    streams = np.random.SeedSequence(of_words, spawn_key=(1, 2, 3))
    expected = np.random.default_rng(streams).integers(2**32, size=8).tolist()
    assert numbers(seed, name, stream=(1, 2, 3)) == expected


def test_another_seed_name_or_stream_gives_other_numbers():
    drawn = [numbers(0, "a"), numbers(1, "a"), numbers(0, "b"), numbers(0, "a", stream=(0,))]
    assert len({tuple(n) for n in drawn}) == len(drawn)
    assert numbers(0, "a") == drawn[0]
