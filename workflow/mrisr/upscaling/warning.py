"""How far a scan is from what a model was trained on, and what that cost in the study.

Nothing is refused. The scan is compared with the degraded slices that the study made (`likeness`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.errors import InputError
from mrisr.imaging.likeness import Look, distance, look, look_of_file, mean_look, middle, nearest

from .origin import Origin
from .volume import Scan

NOISIER = 2.0
"""A scan with more than this multiple of the training slices' noise is called noisy."""
LEAST_NOISE = 0.002
"""Noise, as a fraction of the range, below which nobody is warned."""
UNDEGRADED = "(not degraded)"
"""Stands for the study's slices themselves among its degradations."""
LEAST_MARGIN = 1.0
"""Least distance, dB, that counts as another look. Subjects of one degradation differ by about as much."""


@dataclass
class Comparison:
    """How a scan looks beside the degradations of a study.

    Attributes
    ----------
    trained_on : list of str
        Degradations of the model's training set; several for a mixture.
    distances : {degradation: dB}
        Of the scan's spectrum to those of the study. Empty if the study's slices are not there.
    nearest : str, optional
        The degradation at the least distance.
    usual : float, optional
        Largest distance of a subject of the training degradations to their mean, dB.
    noise, noise_in_training : float, optional
        Standard deviations as fractions of the range.
    cost : float, optional
        PSNR, dB, that the model lost on the nearest test set in its study, against the model trained on that set.
    warnings : list of str
        One sentence each.
    """

    trained_on: list[str]
    distances: dict[str, float] = field(default_factory=dict)
    nearest: str | None = None
    usual: float | None = None
    noise: float | None = None
    noise_in_training: float | None = None
    cost: float | None = None
    warnings: list[str] = field(default_factory=list)


def compare(scan: Scan, model: Origin, *, same_grid: bool) -> Comparison:
    """Compare a scan with what a model was trained on. ``same_grid``: the model keeps the grid of its input."""
    trained_on = list(model.degradations)
    if model.results is None:
        return Comparison(trained_on, warnings=["The results of its study are not around the model: not compared."])
    known = dict(_known(model, same_grid=same_grid))
    trained = [name for name in trained_on if name in known]
    if not trained:
        return Comparison(trained_on, warnings=["The degraded slices of its study are not there: not compared."])
    limits = scan.limits()
    scanned = look(scan.normalised(index, limits[index]) for index in middle(scan.count) if limits[index] is not None)
    means = {name: mean_look(looks) for name, looks in known.items()}
    found = Comparison(trained_on, nearest(scanned, means), noise=scanned.noise)
    found.usual = max(distance(one, means[name]) for name in trained for one in known[name])
    found.noise_in_training = float(np.median([one.noise for name in trained for one in known[name]]))
    found.nearest = next(iter(found.distances))
    _judge_look(found, trained, model)
    # A sharper image has more fine texture, which cannot be told from noise.
    if found.noise > max(LEAST_NOISE, NOISIER * max(found.noise_in_training, means[found.nearest].noise)):
        found.warnings.append(
            f"Its noise, {found.noise:.3f} of the range, is more than {NOISIER:g} times that of the training images "
            f"({found.noise_in_training:.3f}). The model may sharpen it."
        )
    return found


def _judge_look(found: Comparison, trained: list[str], model: Origin) -> None:
    """Add a warning if the scan looks unlike the training images."""
    closest = found.nearest
    own = min(found.distances[name] for name in trained)
    if own <= max(LEAST_MARGIN, found.usual) or (closest in trained and own <= 2 * found.usual):
        return
    of = " and ".join(trained) if len(trained) < 3 else model.names["training_set"]
    if closest in trained:
        found.warnings.append(
            f"Its spectrum is {own:.1f} dB from that of the training images ({of}), whose subjects are within "
            f"{found.usual:.1f} dB. No degradation of the study is nearer, so what this costs is not known."
        )
        return
    if closest == UNDEGRADED:
        found.warnings.append(
            f"It looks like an image of the study before any degradation ({found.distances[closest]:.1f} dB) and not "
            f"like {of} ({own:.1f} dB), on which the model was trained. The model may sharpen what is sharp already."
        )
        return
    found.cost = _cost(model, closest)
    cost = (
        "The study's tables do not say what that costs."
        if found.cost is None
        else f"On that test set the model that was trained on it had {found.cost + 0.0:.2f} dB more PSNR in the study."
    )
    found.warnings.append(
        f"It looks like {closest} ({found.distances[closest]:.1f} dB) and not like {of} ({own:.1f} dB), on which the "
        f"model was trained. {cost}"
    )


def _known(model: Origin, *, same_grid: bool) -> Iterable[tuple[str, list[Look]]]:
    """The looks of all subjects under each degradation of the study, and without one if the grid is the same."""
    folder = model.results / "degraded" / f"x{model.names['scale']}"
    folders = {below.name: below for below in sorted(folder.iterdir())} if folder.is_dir() else {}
    if same_grid:
        folders[UNDEGRADED] = model.results / "slices"
    for name, below in folders.items():
        if looks := list(_looks(below)):
            yield name, looks


def _looks(folder: Path) -> Iterable[Look]:
    for path in sorted(folder.rglob("*.safetensors")):
        try:
            yield look_of_file(path)
        except InputError:
            continue  # a damaged file is told by `mrisr check --results`


def _cost(model: Origin, test_set: str) -> float | None:
    """The gap in PSNR of the model's kind on a test set, for the first group of tables/bias.csv."""
    wanted: Mapping[str, Any] = {**model.names, "test_set": test_set, "metric": "psnr"}
    keys = ("scale", "architecture", "loss", "training_set", "test_set", "metric")
    try:
        with open(Path(model.results, "tables", "bias.csv"), newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if all(row[key] == str(wanted[key]) for key in keys):
                    return float(row["gap"])
    except (OSError, ValueError, KeyError):
        return None
    return None
