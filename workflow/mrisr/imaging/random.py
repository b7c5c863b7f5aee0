"""Random numbers that depend on a seed and a name alone, and are the same on every platform."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, name: str, *, stream: tuple[int, ...] = (), bytes_a_word: int = 4) -> np.random.Generator:
    """A random number generator that depends on the arguments alone.

    Parameters
    ----------
    seed : int
        At least 0.
    name : str
        Name of a slice, for example. Its SHA-256 is part of the seed.
    stream : tuple of int
        Chooses one of the name's independent streams.
    bytes_a_word : {4, 1}
        Number of bytes of the digest in one word of the seed.
    """
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), f">u{bytes_a_word}").tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, *words], spawn_key=stream))
