"""The stage `brisque`: from the slices of the training subjects, and perhaps people's scores, to a regressor."""

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
"""Reference slices of the proxy: with their 15 distortions 896 images; the paper has 900."""
SOURCES = {"proxy": "proxy: 200 x GMSD of distorted training slices", "ratings": "scores given by people"}
"""What tables say about where a regressor's scores come from."""


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
        Slices files of the **training** subjects alone: scores of test slices must not depend on them.
    output : path
        The regressor; its metadata say how many images of which source it learnt from.
    identity : str
        Identity of the job, kept in the metadata.
    scores : path, optional
        Table of people's scores, see `mrisr.quality.ratings`; without, the documented `mrisr.quality.proxy`.
    slices : int
        Reference slices of the proxy, evenly from all there are.
    seed : int
        Of the proxy's noise.
    progress : callable, optional
        Called once as ``progress(total, done)``; its ``update(done)`` then follows the work.

    Raises
    ------
    InputError
        An unreadable file, a bad table of scores, or images that teach nothing.
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
        # An image without structure has no statistics, and nothing to learn from.
        if np.isfinite(statistics).all():
            found.append(statistics)
            labels.append(label)
        if report:
            report.update(done)
    source = "proxy" if scores is None else "ratings"
    metadata = {"source": source, "scores": SOURCES[source], "images": len(labels), "identity": identity}
    train(np.reshape(found, (len(labels), -1)), np.array(labels), metadata=metadata).save(output)


def evenly(slices: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """At most ``count`` of the slices, evenly over their order."""
    names = list(slices)
    positions = np.unique(((np.arange(count) + 0.5) * len(names) / count).astype(int))
    return {names[position]: slices[names[position]] for position in positions}


def _named_slices(paths: Iterable[str | os.PathLike]) -> dict[str, np.ndarray]:
    named = {}
    for path in paths:
        images, metadata = load_slices(path)
        named |= {slice_name(metadata["subject"], index): image for index, image in images.items()}
    return named
