"""How often the rule that decides hypotheses is wrong, and how often it finds an effect, on simulated test subjects.

    python benchmarks/decisions.py [--families 2000]

A family has the 30 contrasts of six degradations. The difference of a subject in a contrast is an effect plus noise
of standard deviation 1, half of whose variance a subject shares over all contrasts. All numbers have fixed seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from mrisr.statistics.contrasts import Contrast
from mrisr.statistics.family import CONTRADICTED, SUPPORTED, UNDECIDED, Family

CONTRASTS = 30
SUBJECTS = (6, 8, 12)
EFFECTS = {
    "no effect in any contrast": np.zeros(CONTRASTS),
    "no effect in one, 3 in the others": np.array([0.0] + [3.0] * (CONTRASTS - 1)),
    "-3 in one, 3 in the others": np.array([-3.0] + [3.0] * (CONTRASTS - 1)),
    "2 in all": np.full(CONTRASTS, 2.0),
    "3 in all": np.full(CONTRASTS, 3.0),
    "5 in all": np.full(CONTRASTS, 5.0),
}
"""Effects of the contrasts in standard deviations over subjects."""


def families(subjects: int, effect: np.ndarray, count: int) -> Iterator[Family]:
    """Simulated families of contrasts."""
    random = np.random.default_rng(subjects)
    for _ in range(count):
        noise = random.normal(size=(subjects, 1)) + random.normal(size=(subjects, CONTRASTS))
        yield Family([_contrast(column) for column in (effect + np.sqrt(0.5) * noise).T], sign=1)


def _contrast(differences: np.ndarray) -> Contrast:
    mean = float(differences.mean())
    return Contrast(
        gap=mean,
        low=np.nan,
        high=np.nan,
        interval="subjects",
        subjects=len(differences),
        seeds=1,
        seed_sd=np.nan,
        by_subject=dict(enumerate(differences.tolist())),
        by_seed={0: mean},
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=2000, help="families for each row")
    count = parser.parse_args().families
    print("| effect (in standard deviations over subjects) | subjects | supported | contradicted | undecided |")
    print("|---|---|---|---|---|")
    for name, effect in EFFECTS.items():
        for subjects in SUBJECTS:
            decided = [found.decision for found in families(subjects, effect, count)]
            shares = (f"{100 * decided.count(one) / count:.1f} %" for one in (SUPPORTED, CONTRADICTED, UNDECIDED))
            print(f"| {name} | {subjects} | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
