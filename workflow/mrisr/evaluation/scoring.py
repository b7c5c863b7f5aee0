"""Scores one estimator on every test set, slice by slice."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrisr import metrics, plugins
from mrisr.arrays import load_slices, save_slices
from mrisr.files import write_text
from mrisr.identity import contents
from mrisr.imaging.masks import load_masks
from mrisr.pairs import Pair, read_pairs

from .again import Again

COLUMNS = (
    *("scale", "architecture", "loss", "training_set", "seed", "fold"),
    *("test_set", "group", "subject", "slice", "metric", "value"),
)
Estimator = Callable[[np.ndarray], np.ndarray]
"""Maps a degraded slice [C, h, w] to its estimate [C, H, W], both in [0, 1]."""


def score_test_sets(
    estimator: Estimator,
    test_sets: Mapping[str, Mapping[str, Any]],
    *,
    metrics: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, str],
    names: Mapping[str, Any],
    identity: str,
    progress: Callable[[int, int], Any] | None = None,
    estimates: Path | None = None,
    masks: Mapping[str, Path] | None = None,
    sees_reference: bool = False,
) -> pd.DataFrame:
    """Score an estimator on test sets.

    Parameters
    ----------
    test_sets : {name: {"references", "degraded", "seed"}}
        Arguments of `mrisr.pairs.read_pairs`.
    metrics : {name: {"kind", "options"}}
    groups : {subject: test group}
    names : mapping
        The leading columns of the table: scale, architecture, loss, training_set, seed, fold.
    identity : str
        Identity of the job, kept in the metadata of the estimates.
    progress : callable, optional
        Called once as ``progress(total, done)``. It returns a progress meter, which is updated during the work.
    estimates : folder, optional
        Where to save the estimates, ``<test set>/<subject>.safetensors``.
    masks : {subject: masks file}, optional
        For metrics inside the mask. A subject without a mask is compared everywhere.
    sees_reference : bool
        Whether the estimator gets the reference in place of the degraded slice.

    Returns
    -------
    DataFrame with `COLUMNS`, one row per test set, slice and metric.
    """
    scorer, rows = _Scorer(estimator, metrics, sees_reference), []
    report = progress(len(test_sets), 0) if progress else None
    for done, (test_set, files) in enumerate(test_sets.items(), start=1):
        again = Again(**files) if any(_compares_inputs(method) for method in metrics.values()) else None
        for subject, pairs in itertools.groupby(read_pairs(**files), key=lambda pair: pair.subject):
            inside = load_masks(masks[subject]) if masks and subject in masks else {}
            kept: dict[int, np.ndarray] | None = {} if estimates else None
            where = {**names, "test_set": test_set, "group": groups[subject], "subject": subject}
            rows += [{**where, **row} for row in scorer.rows(pairs, inside, again, kept)]
            if estimates:
                # Estimates lie on the grid of the references, so they share their geometry.
                _, metadata = load_slices(files["references"][subject], [])
                made = {"names": dict(names), "test_set": test_set, "identity": identity}
                save_slices(estimates / test_set / f"{subject}.safetensors", kept, metadata | made)
        if report:
            report.update(done, f"scored {test_set}")
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class _Scorer:
    """Estimates and scores slices. A mixture repeats slices of other test sets; each is scored once."""

    estimator: Estimator
    metrics: Mapping[str, Mapping[str, Any]]
    sees_reference: bool
    seen: dict[tuple, dict[str, float]] = field(default_factory=dict)

    def rows(
        self,
        pairs: Iterable[Pair],
        masks: Mapping[int, np.ndarray],
        again: Again | None,
        kept: dict[int, np.ndarray] | None,
    ) -> Iterator[dict[str, Any]]:
        """The last columns of the table. Estimates go into ``kept``; if it is None, only new slices are estimated."""
        for pair in (pair.loaded() for pair in pairs):
            key = (pair.subject, pair.index, hashlib.sha256(pair.degraded.tobytes()).hexdigest())
            if key not in self.seen or kept is not None:
                estimate = self.estimator(pair.reference if self.sees_reference else pair.degraded)
                if kept is not None:
                    kept[pair.index] = estimate
                if key not in self.seen:
                    self.seen[key] = _measure(pair, estimate, masks.get(pair.index), self.metrics, again)
            for metric, value in self.seen[key].items():
                yield {"slice": pair.index, "metric": metric, "value": value}


def with_files(metrics: Mapping[str, Mapping[str, Any]], reads: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics with paths in their options: of files that the user gives, and of what other jobs made.

    An unset option gets the path that the job reads under the option's name.
    """
    given = contents.with_paths(metrics, reads.get("files", {}))
    return {
        name: {
            **method,
            "options": {key: reads.get(key) if value is None else value for key, value in method["options"].items()},
        }
        for name, method in given.items()
    }


def _measure(
    pair: Pair,
    estimate: np.ndarray,
    mask: np.ndarray | None,
    chosen: Mapping[str, Mapping[str, Any]],
    again: Again | None,
) -> dict[str, float]:
    return {
        name: _consistency(pair, estimate, method, again)
        if again and _compares_inputs(method)
        else metrics.compute(method["kind"], pair.reference, estimate, mask=mask, **method["options"])
        for name, method in chosen.items()
    }


def _consistency(pair: Pair, estimate: np.ndarray, method: Mapping[str, Any], again: Again) -> float:
    """A metric of the degraded estimate against the input; NaN if the degradation cannot be repeated."""
    degraded = again(pair.subject, pair.index, estimate)
    return np.nan if degraded is None else metrics.compute(method["kind"], pair.degraded, degraded, **method["options"])


def _compares_inputs(method: Mapping[str, Any]) -> bool:
    return plugins.constant("metrics", method["kind"], "COMPARES") == "inputs"


def write_scores(path: Path, scores: pd.DataFrame) -> None:
    """Write a scores table by rename. Infinite values become ``inf``, undefined ones blank."""
    write_text(path, scores.to_csv(index=False, float_format="%.9g", lineterminator="\n"))
