"""Measures mode collapse: how much the outputs of each model differ from slice to slice (perceptual-gan, Figure 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrisr.files import write_text
from mrisr.pairs import Pair, read_pairs
from mrisr.quality.diversity import Diversity, diversity

from .estimates import ModelEstimator

MOST_SUBJECTS, MOST_SLICES = 6, 12
"""Greatest number of test subjects of a group, and of slices of one, evenly spaced. Six subjects can decide a claim."""
COLUMNS = [
    *("scale", "architecture", "loss", "training_set", "seed", "fold", "group", "subject", "slices"),
    *("ratio", "agreement", "kept"),
]


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    device: str,
    progress: Callable[[int, int], Any],
) -> dict[str, str]:
    """Write diversity.csv, the action of the stage `diversity`. Returns the device, for the job's record.

    A row is a model and a subject. A group without a subject of several slices has a row without numbers.

    Parameters
    ----------
    reads : {"weights", "test_sets"}
        Weights of each model; what `mrisr.pairs.read_pairs` takes by ``x{scale}/{training_set}/fold{fold}``.
    writes : {"diversity"}
    settings : mapping
        ``models``, the names of each model; ``groups``, {test subject: group}; ``threads``.
    """
    rows, used, shown = [], "cpu", progress(len(settings["models"]), 0)
    for done, (names, path) in enumerate(zip(settings["models"], reads["weights"], strict=True), start=1):
        test_set = f"x{names['scale']}/{names['training_set']}/fold{names['fold']}"
        model = ModelEstimator(Path(path), threads=settings["threads"], device=device)
        used = model.device
        found = chosen(read_pairs(**reads["test_sets"][test_set]), settings["groups"])
        for group, subjects in found.items():
            for subject, pairs in subjects.items():
                own = {"group": group, "subject": subject, "slices": len(pairs)}
                numbers = measured(model, pairs)
                rows.append({**names, **own, **numbers._asdict(), "kept": numbers.kept})
            if not subjects:
                rows.append({**names, "group": group, "subject": "", "slices": 0})
        shown.update(done)
    table = pd.DataFrame(rows, columns=COLUMNS)
    write_text(Path(writes["diversity"]), table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return {"device": used}


def chosen(pairs: list[Pair], groups: Mapping[str, str]) -> dict[str, dict[str, list[Pair]]]:
    """By group, evenly spaced slices of its first subjects that have two slices or more, by subject."""
    of: dict[str, list[Pair]] = {}
    for pair in pairs:
        of.setdefault(pair.subject, []).append(pair)
    found: dict[str, dict[str, list[Pair]]] = {groups[subject]: {} for subject in of}
    for subject, own in of.items():
        subjects = found[groups[subject]]
        if len(own) > 1 and len(subjects) < MOST_SUBJECTS:
            places = np.unique(np.linspace(0, len(own) - 1, MOST_SLICES).round().astype(int))
            subjects[subject] = [own[place] for place in places]
    return found


def measured(model: Callable[[np.ndarray], np.ndarray], pairs: list[Pair]) -> Diversity:
    """The `Diversity` of a model's outputs for slices of one subject."""
    loaded = [pair.loaded() for pair in pairs]
    return diversity([pair.reference for pair in loaded], [model(pair.degraded) for pair in loaded])
