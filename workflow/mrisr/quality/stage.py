"""The stage `brisque`: trains a regressor on the slices of the training subjects, or on images scored by people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from mrisr.arrays import load_slices, slice_name

from . import proxy, ratings
from .features import features
from .regressor import train

SLICES = 56
"""Number of reference slices for the proxy. With their 15 distortions they give 896 images; the paper has 900."""
SOURCES = {"proxy": "proxy: 200 x GMSD of distorted training slices", "ratings": "scores given by people"}
"""Sources of a regressor's scores, as tables name them."""


def run(
    reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str, progress=None
) -> None:
    """Train the regressor of a job, the action of the stage `brisque`."""
    train_brisque(
        reads["references"],
        writes["regressor"],
        identity=identity,
        scores=reads.get("scores"),
        progress=progress,
        **settings,
    )


def train_brisque(
    references: Iterable[str | os.PathLike],
    output: str | os.PathLike,
    *,
    identity: str,
    scores: str | os.PathLike | None = None,
    slices: int = SLICES,
    seed: int = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> None:
    """Write ``regressor.safetensors``, see `mrisr.quality.regressor`.

    Parameters
    ----------
    references : paths
        Slices files of the **training** subjects only, so that the regressor never sees test slices.
    output : path
        The regressor. Its metadata name the number of images it learnt from, and their source.
    identity : str
        Identity of the job, kept in the metadata.
    scores : path, optional
        Table of people's scores, see `mrisr.quality.ratings`. Without it, `mrisr.quality.proxy` gives the scores.
    slices : int
        Number of reference slices for the proxy, taken evenly.
    seed : int
        Seed of the proxy's noise.
    progress : callable, optional
        Called once as ``progress(total, done)``. It returns a progress meter, which is updated during the work.

    Raises
    ------
    InputError
        A file is unreadable, the table of scores is wrong, or all images have the same score.
    """
    named = _named_slices(references)
    if scores is None:
        chosen = evenly(named, slices)
        images, total = proxy.rated(chosen, seed=seed), len(chosen) * proxy.IMAGES_OF_A_SLICE
    else:
        images, total = ratings.rated(scores, named), len(ratings.read_table(scores))
    report = progress(total, 0) if progress else None
    found, labels = [], []
    for done, (image, label) in enumerate(images, start=1):
        statistics = features(image)
        # An image without structure has no statistics to learn from.
        if np.isfinite(statistics).all():
            found.append(statistics)
            labels.append(label)
        if report:
            report.update(done)
    source = "proxy" if scores is None else "ratings"
    metadata = {"source": source, "scores": SOURCES[source], "images": len(labels), "identity": identity}
    train(np.reshape(found, (len(labels), -1)), np.array(labels), metadata=metadata).save(output)


def evenly(slices: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """At most ``count`` of the slices, evenly spaced."""
    names = list(slices)
    positions = np.unique(((np.arange(count) + 0.5) * len(names) / count).astype(int))
    return {names[position]: slices[names[position]] for position in positions}


def _named_slices(paths: Iterable[str | os.PathLike]) -> dict[str, np.ndarray]:
    named = {}
    for path in paths:
        images, metadata = load_slices(path)
        named |= {slice_name(metadata["subject"], index): image for index, image in images.items()}
    return named
