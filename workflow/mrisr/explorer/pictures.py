"""The pictures of the page: slices, what the methods were given, what they made of it, and their errors."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mrisr import baselines, plugins
from mrisr.arrays import load_slices
from mrisr.errors import InputError
from mrisr.imaging.orientation import orient, pixel_aspect
from mrisr.pairs import Pair, read_pairs

BYTES = 5_500_000
"""The most bytes of all pictures. In base64 they are a third more."""
SIDE = 384
"""The longest side of a picture in pixels. A larger slice is reduced."""
QUALITIES = (None, 95, 85, 70, 55, 40)
"""Qualities of WebP, tried in this order until all pictures fit. None is without loss."""
SHRINKS = (1, 2, 4)
"""Factors by which all pictures are reduced if no quality is low enough."""
SAMPLE = 16
BRIGHTEST = 99.5
"""Percentile of the errors of all models at which the error maps of a test set are brightest."""

Estimator = Callable[[Pair], np.ndarray]
"""Makes an estimate [C, H, W] with values in [0, 1] for a pair."""


class Kept:
    """Pictures as arrays of bytes, each with the name under which the page asks for it."""

    def __init__(self):
        self.arrays: dict[str, np.ndarray] = {}

    def add(self, name: str, image: np.ndarray) -> str:
        """Keep a picture [C, H, W] or [H, W] with values in [0, 1]."""
        self.arrays[name] = _bytes(image)
        return name

    def encoded(self) -> dict[str, Any]:
        """All pictures as data URIs in the best quality in which they fit into `BYTES`, and how that was done."""
        names = list(self.arrays)
        sample = {name: self.arrays[name] for name in names[:: -(-len(names) // SAMPLE)]}
        for shrink, quality in itertools.product(SHRINKS, QUALITIES):
            expected = sum(len(file) for _, file in _webp(sample, shrink, quality)) * len(names) / len(sample)
            # A sample saves encoding all pictures in qualities that are far from fitting.
            files = _encode(self.arrays, shrink, quality) if expected < 1.3 * BYTES else None
            if files is not None:
                return {"files": files, "quality": quality, "shrink": shrink}
        raise InputError(f"explorer: {len(self.arrays)} pictures are too many for one page; name fewer models")


def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The pictures of a study.

    Parameters
    ----------
    reads : mapping
        ``weights``, by model in the order of ``settings["models"]``; ``pairs``, the arguments of
        `mrisr.pairs.read_pairs` by scale (as text) and test set.
    settings : mapping
        ``models`` (each with its ``names``), ``baselines`` (each with its ``names`` and its ``method``), ``grid``,
        ``subject``, ``slice`` (an index, or None), ``slices`` (how many are shown).

    Returns
    -------
    dict
        ``slices``: the indices shown. ``aspect``: height of a picture divided by its width. ``shown``: by scale and
        test set, for each slice the names of ``high`` and ``low``, and the largest ``error`` of the error maps;
        ``estimates`` by the number of the method, models first, each the names of the estimate and of its error map.
        ``files``: data URIs by name. ``quality`` and ``shrink``: how they were compressed and reduced.
    """
    kept, shown, facts = Kept(), {}, {}
    for scale, sets in reads["pairs"].items():
        found = {test_set: _pairs(files, settings, facts) for test_set, files in sets.items()}
        shown[scale] = _one_scale(kept, scale, found, _methods(reads["weights"], settings, scale), facts["turn"])
    return {"slices": facts["slices"], "aspect": facts["aspect"], "shown": shown, **kept.encoded()}


def shown_slices(indices: Sequence[int], wanted: int | None, count: int) -> list[int]:
    """Slices spread evenly over ``indices``, the one that figures show first: ``wanted``, or the middle one."""
    indices = sorted(indices)
    first = indices[len(indices) // 2] if wanted is None else wanted
    if first not in indices:
        raise InputError(f"figures.panel_slice: {first} is no test slice ({', '.join(map(str, indices))})")
    further = [indices[len(indices) * (2 * part + 1) // (2 * count)] for part in range(count)]
    return list(dict.fromkeys([first, *(index for index in further if index != first)]))[:count]


def _pairs(files: Mapping[str, Any], settings: Mapping[str, Any], facts: dict[str, Any]) -> list[Pair]:
    """The shown slices of one test set. The first call decides which they are."""
    pairs = {pair.index: pair for pair in read_pairs(**files) if pair.subject == settings["subject"]}
    if not facts:
        _, metadata = load_slices(files["references"][settings["subject"]], [])
        affine, axis = metadata["affine"], metadata["axis"]
        facts["slices"] = shown_slices(list(pairs), settings["slice"], settings["slices"])
        facts["turn"] = lambda image: orient(image, affine, axis)
        height, width = facts["turn"](np.asarray(pairs[facts["slices"][0]].reference)).shape[-2:]
        facts["aspect"] = height * pixel_aspect(affine, axis) / width
    return [pairs[index].loaded() for index in facts["slices"]]


def _methods(weights: Sequence[str], settings: Mapping[str, Any], scale: str) -> Iterator[tuple[int, bool, Estimator]]:
    """Number of each model and baseline of a scale, whether it is a model, and its estimator. One is held at a time."""
    for number, entry in enumerate([*settings["models"], *settings["baselines"]]):
        trained = number < len(settings["models"])
        if str(entry["names"]["scale"]) == scale:
            make = _model(weights[number]) if trained else _baseline(entry["method"], int(scale), settings["grid"])
            yield number, trained, make


def _model(weights: str) -> Estimator:
    from mrisr.evaluation.estimates import ModelEstimator

    estimate = ModelEstimator(Path(weights), device="cpu")
    return lambda pair: estimate(pair.degraded)


def _baseline(method: Mapping[str, Any], scale: int, grid: str) -> Estimator:
    restore = baselines.build(method["kind"], scale=scale, grid=grid, **method["options"])
    ceiling = plugins.constant("baselines", method["kind"], "SEES_REFERENCE")
    return lambda pair: np.clip(restore(pair.reference if ceiling else pair.degraded), 0, 1)


def _one_scale(kept: Kept, scale: str, found: Mapping[str, list[Pair]], methods, turn) -> dict[str, Any]:
    errors: dict[tuple[str, int], dict[int, np.ndarray]] = {}
    models: set[int] = set()
    shown = {
        test_set: [
            {
                "high": kept.add(f"{scale}/{test_set}/{place}/high", turn(pair.reference)),
                "low": kept.add(f"{scale}/{test_set}/{place}/low", turn(pair.degraded)),
                "estimates": {},
            }
            for place, pair in enumerate(pairs)
        ]
        for test_set, pairs in found.items()
    }
    for number, trained, make in methods:
        models |= {number} if trained else set()
        for test_set, pairs in found.items():
            for place, pair in enumerate(pairs):
                estimate = make(pair)
                name = f"{scale}/{test_set}/{place}/{number}"
                error = np.abs(estimate - pair.reference).mean(axis=0)
                errors.setdefault((test_set, place), {})[number] = turn(error).astype(np.float16)
                shown[test_set][place]["estimates"][number] = [kept.add(name, turn(estimate)), f"{name}/error"]
    for test_set, places in shown.items():
        for place, entry in enumerate(places):
            maps = {number: error.astype(np.float32) for number, error in errors.get((test_set, place), {}).items()}
            compared = [error for number, error in maps.items() if number in models] or list(maps.values())
            most = max((float(np.percentile(error, BRIGHTEST)) for error in compared), default=0.0) or 1.0
            entry["error"] = float(f"{most:.3g}")
            for number, error in maps.items():
                kept.add(entry["estimates"][number][1], np.clip(error / most, 0, 1))
    return shown


def _bytes(image: np.ndarray) -> np.ndarray:
    """A picture of 8 bits, [H, W] or [H, W, 3], at most `SIDE` pixels long."""
    planes = np.rint(np.clip(np.asarray(image, np.float32), 0, 1) * 255).astype(np.uint8)
    planes = planes if planes.ndim == 2 else (planes[0] if planes.shape[0] == 1 else np.moveaxis(planes, 0, -1))
    longest = max(planes.shape[:2])
    return _reduced(planes, SIDE / longest) if longest > SIDE else planes


def _reduced(picture: np.ndarray, factor: float) -> np.ndarray:
    height, width = (max(1, round(side * factor)) for side in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX))


def _encode(arrays: Mapping[str, np.ndarray], shrink: int, quality: int | None) -> dict[str, str] | None:
    """Data URIs of all pictures; None if they are more than `BYTES`."""
    total, files = 0, {}
    for name, content in _webp(arrays, shrink, quality):
        total += len(content)
        if total > BYTES:
            return None
        files[name] = "data:image/webp;base64," + base64.b64encode(content).decode()
    return files


def _webp(arrays: Mapping[str, np.ndarray], shrink: int, quality: int | None) -> Iterator[tuple[str, bytes]]:
    options = {"lossless": True} if quality is None else {"quality": quality}
    for name, picture in arrays.items():
        file = io.BytesIO()
        small = picture if shrink == 1 else _reduced(picture, 1 / shrink)
        Image.fromarray(small).save(file, "WEBP", method=4, **options)
        yield name, file.getvalue()
