"""Random numbers that follow from a seed and a name alone, whatever else is drawn, on every platform."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, name: str, *, stream: tuple[int, ...] = (), bytes_a_word: int = 4) -> np.random.Generator:
    """Random numbers of what is called ``name``: a function of the arguments alone.

    Parameters
    ----------
    seed : int
        At least 0.
    name : str
        Of a slice, say; its SHA-256 is part of the seed.
    stream : tuple of int
        Which of the independent streams of the name.
    bytes_a_word : {4, 1}
        Bytes of the digest that make one word of the seed.
    """
    words = np.frombuffer(hashlib.sha256(name.encode()).digest(), f">u{bytes_a_word}").tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, *words], spawn_key=stream))
