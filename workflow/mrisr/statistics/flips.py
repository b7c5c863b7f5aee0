"""Sign-flip permutation tests over subjects: exact for few subjects, joint for several contrasts.

If a contrast has no effect, the sign of each subject's difference is a toss of a coin. So the mean is compared with the
means under all flips of signs. Flips are joint: a subject changes its sign in all contrasts at once, because its
differences depend on each other. The statistic is the mean divided by the root of the mean square, which orders flips
as Student's t does. Sources: Fisher 1935; step-down max-T: Westfall and Young 1993, algorithm 4.1; Nichols and Holmes
2002, Hum. Brain Mapp. 15:1.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np

EXACT = 12
"""Most subjects for which all flips are tried."""
FLIPS = 10_000
"""Number of flips for more subjects, the unflipped signs among them."""
ROUNDING = 1e-9
"""Relative difference below which two statistics count as equal, because scores have nine digits."""


def p_values(differences: np.ndarray) -> np.ndarray:
    """Two-sided p-value of each contrast alone.

    Parameters
    ----------
    differences : array [subjects, contrasts]
        Mean difference of each subject. A subject that a contrast does not have is 0.

    Returns
    -------
    array [contrasts]
        The share of flips whose statistic is at least as far from 0. It is 1 for a contrast with an undefined or
        infinite value, or with zeros only.
    """
    observed, flipped = _statistics(differences)
    return _share(flipped >= observed)


def max_t(differences: np.ndarray) -> np.ndarray:
    """Two-sided p-value of each contrast, corrected for all contrasts of the family by the step-down max-T method.

    Arguments and result as for `p_values`. The smallest possible value is the same for one contrast and for many.
    """
    observed, flipped = _statistics(differences)
    descending = np.argsort(-observed, kind="stable")
    # A contrast is compared with the largest statistic among those that are no larger than its own.
    largest = np.maximum.accumulate(flipped[:, descending[::-1]], axis=1)[:, ::-1]
    corrected = np.empty(len(observed))
    corrected[descending] = np.maximum.accumulate(_share(largest >= observed[descending]))
    return np.where(observed > 0, corrected, 1.0)


def _statistics(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Absolute statistics: as observed [contrasts], lowered by rounding, and under each flip [flips, contrasts]."""
    differences = np.asarray(differences, float)
    usable = np.isfinite(differences).all(axis=0) & differences.any(axis=0)
    scaled = np.where(usable, differences, 0.0)
    # First to the order of one, so that no square overflows or vanishes.
    scaled = scaled / np.where(usable, np.abs(scaled).max(axis=0, initial=0), 1.0)
    scaled = scaled / np.sqrt(np.where(usable, (scaled**2).sum(axis=0), 1.0))
    return np.abs(scaled.sum(axis=0)) * (1 - ROUNDING), np.abs(_signs(len(scaled)) @ scaled)


def _share(exceeds: np.ndarray) -> np.ndarray:
    return exceeds.mean(axis=0)


@functools.cache
def _signs(subjects: int) -> np.ndarray:
    """Signs [flips, subjects]; the first row is all plus."""
    if subjects <= EXACT:
        return np.array(list(itertools.product((1.0, -1.0), repeat=subjects)))
    drawn = np.random.default_rng(0).choice((1.0, -1.0), size=(FLIPS, subjects))
    drawn[0] = 1
    return drawn
