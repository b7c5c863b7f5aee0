"""The measures of a study of remedies: differences between arms, person by person, and what they decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import stats

from . import flips
from .arms import Arms
from .family import FEWEST_SUBJECTS, LEVEL

RISE = "dsgan minus dsn, per pixel of displacement"
"""The measure of robustness: the claim is that DSN loses its advantage as the displacement grows."""
Differences = dict[str, tuple[np.ndarray, int] | None]
"""For each measure the mean difference of each person [n], and the number of test sets. None if none counts."""


def family(found: Differences, of_seeds: Sequence[Differences]) -> Iterator[dict[str, Any]]:
    """One row a measure. The measures of a family are corrected together. ``of_seeds`` are those of each seed alone."""
    counting = {name: one for name, one in found.items() if one is not None}
    if counting:
        columns = np.column_stack([values for values, _ in counting.values()])
        p_values = dict(zip(counting, zip(flips.p_values(columns), flips.max_t(columns), strict=True), strict=True))
    for name, one in found.items():
        if one is None:
            yield {"measure": name, "test_sets": 0, "verdict": "undecided", "statement": f"{name}: no test set counts"}
            continue
        (values, test_sets), (alone, corrected) = one, p_values[name]
        mean, count = float(values.mean()), len(values)
        half = stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
        verdict = _verdict(mean, corrected, count)
        means = [float(of_seed[name][0].mean()) for of_seed in of_seeds if of_seed.get(name) is not None]
        agree = sum(np.sign(value) == np.sign(mean) for value in means)
        yield {
            "measure": name,
            "difference": mean,
            "low": mean - half,
            "high": mean + half,
            "p": alone,
            "p_adjusted": corrected,
            "subjects": count,
            "test_sets": test_sets,
            "seeds": len(means),
            "seeds_agree": agree,
            "verdict": verdict,
            "statement": _statement(name, mean, verdict, count, test_sets) + _in_seeds(agree, len(means)),
        }


def differences(arms: Arms, passed: Sequence[str], best: str) -> Differences:
    """The primary measures."""
    asked, everywhere = arms.asked, arms.test_sets
    found = {
        "dsgan minus blur": _mean(
            [arms.of(asked["sites"][site]["dsgan"], site) - arms.of(asked["blur"], site) for site in passed]
        ),
        f"combine minus best specialist ({best})": _mean(
            [arms.of(asked["combine"], t) - arms.of(best, t) for t in everywhere]
        ),
        "router minus combine": _mean([arms.router(t) - arms.of(asked["combine"], t) for t in everywhere]),
    }
    if asked.get("randomised"):
        found["randomised minus combine"] = _mean(
            [arms.of(asked["randomised"], t) - arms.of(asked["combine"], t) for t in everywhere]
        )
    return found


def without(arms: Arms) -> Differences:
    """Each mixture without a family of degradations against the whole one."""
    combine = arms.asked["combine"]
    return {
        f"{name} minus combine": _mean([arms.of(name, t) - arms.of(combine, t) for t in arms.test_sets])
        for name in arms.asked.get("without") or ()
    }


def robustness(arms: Arms) -> Differences:
    """Each person's slope of DSGAN minus DSN over the sites' displacements, if there are several; per pixel."""
    points = []
    for site, own in arms.asked["sites"].items():
        lead = arms.of(own["dsgan"], site) - arms.of(own["dsn"], site)
        if own.get("displacement") is not None and np.isfinite(lead).all():
            points.append((own["displacement"], lead))
    if len({place for place, _ in points}) < 2:
        return {}
    places = np.array([place for place, _ in points])
    places = places - places.mean()
    leads = np.array([lead for _, lead in points])
    return {RISE: (places @ leads / (places @ places), len(points))}


def _mean(differences: Sequence[np.ndarray]) -> tuple[np.ndarray, int] | None:
    """Mean over the test sets that have values."""
    usable = [values for values in differences if np.isfinite(values).all()]
    return (np.mean(usable, axis=0), len(usable)) if usable else None


def _verdict(mean: float, p: float, subjects: int) -> str:
    if subjects < FEWEST_SUBJECTS or not p < LEVEL:
        return "undecided"
    return "better" if mean > 0 else "worse"


def _in_seeds(agree: int, seeds: int) -> str:
    """In how many training seeds the difference has the same sign, in words."""
    return ", models of one seed" if seeds == 1 else f", the same sign in {agree} of {seeds} seeds"


def _statement(measure: str, mean: float, verdict: str, subjects: int, test_sets: int) -> str:
    if measure == RISE:
        said = {"undecided": "is not decided to change", "better": "rises", "worse": "falls"}[verdict]
        return (
            f"the lead of dsgan over dsn {said} with the displacement: {mean:+.3g} per pixel "
            f"over {test_sets} test sets and {subjects} people"
        )
    first, _, second = measure.partition(" minus ")
    said = {"undecided": "is not decided to differ from", "better": "is better than", "worse": "is worse than"}[verdict]
    return f"{first} {said} {second}: {mean:+.3g} over {test_sets} test sets and {subjects} people"
