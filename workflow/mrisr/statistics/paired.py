"""Paired tests between methods on subjects' means: Student's t, as in the realistic-downsampling paper, and Wilcoxon's.

A method is a baseline, or a model with all its seeds and folds. A subject is one observation. Slices of one subject are
nearly copies, so a test over slices would find everything significant. With too few subjects for a test, its p-value is
blank; the difference and its size are still given.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mrisr.errors import InputError, suggestion

from .differences import Differences
from .family import holm
from .means import RUN, stepwise_mean
from .order import MODEL, Order
from .tables import defined

FAMILY = ["scale", "metric", "test_set", "group"]
"""Comparisons that agree in these columns are corrected together."""
COLUMNS = (
    *(*FAMILY, "method_a", "method_b", "subjects", "difference", "low", "high", "effect"),
    *("t", "p_t", "p_t_holm", "w", "p_wilcoxon", "p_wilcoxon_holm", "note"),
)
FOLDS = "approximate: the folds' models share training data"


def paired_tests(scores: pd.DataFrame, order: Order | Mapping[str, Any], *, against: str | None = None) -> pd.DataFrame:
    """Compare methods pairwise on the subjects that both were scored on.

    Parameters
    ----------
    scores : DataFrame
        As `mrisr.statistics.scores.read` gives it.
    order : Order or mapping
        An argument of `Order.of`. Its metrics are compared.
    against : str, optional
        Compare only this method with every other one, such as ``edsr/l1/dsgan`` or a baseline. The family is smaller
        than with all pairs, so the test has more power.

    Returns
    -------
    DataFrame with `COLUMNS`, in the study's order and without ceilings. ``difference`` is method a minus method b in
    the metric's own direction. Means are over slices, then over seeds and folds. Holm's correction is over a `FAMILY`;
    a comparison without p-value counts in it too.

    Raises
    ------
    InputError
        ``against`` is no method of the scores.
    """
    order = Order.of(order)
    chosen = scores["metric"].isin(list(order.metrics)) & ~scores["architecture"].isin(list(order.ceilings))
    scores = defined(scores[chosen])
    scores = order.sort(scores, [*FAMILY, *MODEL[1:]])
    scores = scores.assign(method=[method_name(*names) for names in scores[MODEL[1:]].itertuples(index=False)])
    if against is not None and against not in set(scores["method"]):
        raise InputError(f"tests: there is no method '{against}' ({suggestion(against, scores['method'].unique())})")
    rows = [row for names, table in scores.groupby(FAMILY, sort=False) for row in _family(names, table, order, against)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def method_name(architecture: str, loss: str, training_set: str) -> str:
    """``edsr/l1/dsgan``, or the name of a baseline."""
    return "/".join(part for part in (architecture, loss, training_set) if part)


def _family(names: tuple, scores: pd.DataFrame, order: Order, against: str | None) -> Iterator[dict[str, Any]]:
    means = _subject_means(scores)
    folds = scores[scores["training_set"] != ""].groupby("method")["fold"].nunique()
    training_sets = scores.drop_duplicates("method").set_index("method")["training_set"]
    methods = list(training_sets.index)
    pairs = list(_pairs(methods, against))
    compared = {(a, b): Differences(_differences(means[a], means[b])) for a, b in pairs}
    compared = {pair: found for pair, found in compared.items() if len(found.differences)}
    numbers = [found.numbers() for found in compared.values()]
    corrected = {test: _corrected([one[test] for one in numbers]) for test in ("p_t", "p_wilcoxon")}
    for position, ((a, b), found) in enumerate(compared.items()):
        enough = found.can_rank(len(compared))
        notes = [*found.why_blank(len(compared)), FOLDS if max(folds.get(a, 0), folds.get(b, 0)) > 1 else ""]
        metric, test_set = (names[FAMILY.index(column)] for column in ("metric", "test_set"))
        notes.append(order.note(order.metrics[metric], training_sets[a], training_sets[b], test_set))
        yield {
            **dict(zip(FAMILY, names, strict=True)),
            "method_a": a,
            "method_b": b,
            "subjects": len(found.differences),
            **numbers[position],
            "p_t_holm": corrected["p_t"][position],
            "p_wilcoxon_holm": corrected["p_wilcoxon"][position] if enough else np.nan,
            "note": "; ".join(note for note in notes if note),
        }


def _subject_means(scores: pd.DataFrame) -> dict[str, pd.Series]:
    """{method: mean of each subject over slices, then over seeds and folds}."""
    by = ["method", "subject"]
    means = stepwise_mean(scores.set_index([*by, *RUN])["value"], [*by, *RUN], by)
    return {method: table.droplevel("method") for method, table in means.groupby(level="method")}


def _differences(first: pd.Series, second: pd.Series) -> np.ndarray:
    """Differences for the common subjects; NaN if a value is undefined or both are infinite."""
    subjects = first.index.intersection(second.index).sort_values()
    with np.errstate(invalid="ignore"):
        return first[subjects].to_numpy() - second[subjects].to_numpy()


def _pairs(methods: Iterable[str], against: str | None) -> Iterator[tuple[str, str]]:
    methods = list(methods)
    if against is None:
        yield from itertools.combinations(methods, 2)
    elif against in methods:
        yield from ((against, other) for other in methods if other != against)


def _corrected(p_values: list[float]) -> list[float]:
    """Holm's correction; a blank p-value counts as 1 and stays blank."""
    blank = np.isnan(p_values)
    return np.where(blank, np.nan, holm(np.where(blank, 1.0, p_values))).tolist()
