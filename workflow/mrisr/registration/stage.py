"""The stage `register`: registers a low-resolution scan and cuts it into the slices of its high-resolution scan."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from mrisr.arrays import Cache, load_slices, save_slices, stored_slices
from mrisr.errors import InputError
from mrisr.imaging.intensity import bounds, scaled, slice_bounds
from mrisr.volumes.readers import read_role
from mrisr.volumes.row import Volume

from .prepare import Prepared, prepare
from .register import LEAST_OVERLAP


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    volume: Volume,
    limit_gib: float,
    picture: str,
) -> None:
    """Register a subject's scan, the action of the stage `register`.

    ``limit_gib`` is that of `mrisr.volumes.readers.read_volume`.
    ``picture`` names the module that draws the middle slice. It is loaded by name, so it is not part of the identity.
    """
    slices = reads["slices"]
    told = {name: settings[name] for name in ("scale", "slices", "options")}
    told["slices"] = {**told["slices"], "limit_gib": limit_gib}
    prepared = register_stage(volume, slices, writes["slices"], **told, identity=identity)
    indices = list(stored_slices(slices, Cache(0)))
    stem = Path(writes["picture"]).with_suffix("")
    importlib.import_module(picture).write(prepared, indices[len(indices) // 2], stem)
    found = prepared.registered
    print(f"similarity {found.similarity_before:.3f} before registration, {found.similarity:.3f} after")


def register_stage(
    volume: Volume,
    slices_path: str | os.PathLike,
    output_path: str | os.PathLike,
    *,
    scale: int,
    slices: Mapping[str, Any],
    options: Mapping[str, Any],
    identity: str,
) -> Prepared:
    """Denoise and register a subject's low-resolution scan, and write the slices that its high-resolution scan has.

    Parameters
    ----------
    volume : Volume
        The manifest's row; ``lr_path`` is the low-resolution scan.
    slices_path, output_path : path
        Slices files of the subject, high- and low-resolution (`mrisr.arrays.save_slices`).
    scale : int
    slices : mapping
        Keys of the study's section ``slices``: ``normalise`` and the treatments of unusual volumes. Also ``multiple``.
    options : mapping
        ``denoise``, ``resize``, and the options of `mrisr.registration.register.register`.
    identity : str
        Identity of the job, kept in the metadata.

    Raises
    ------
    InputError
        The scan is unreadable, has another ratio or anatomy, or does not reach a slice. The lines name the subject and
        its scan.
    """
    # One thread: the job requests no more.
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    images, metadata = load_slices(slices_path)
    axis = metadata["axis"]
    with _naming(f"subject '{volume.subject}'"):
        scan = read_role(volume, "lr_path", slices)
        sharp = read_role(volume, "path", slices)
        mask = None if volume.mask is None else read_role(volume, "mask", slices)
        with _naming(volume.lr_path):
            prepared = prepare(scan, sharp, mask, axis=axis, scale=scale, multiple=slices["multiple"], **options)
            cut, intensity = _cut(prepared, list(images), slices["normalise"])
    registered = prepared.registered
    made = {
        "affine": registered.scan.affine.tolist(),
        "spacing": registered.scan.spacing.tolist(),
        "intensity": intensity,
        "similarity": {"before": registered.similarity_before, "after": registered.similarity},
        "identity": identity,
    }
    save_slices(output_path, cut, {"subject": volume.subject, "axis": axis, "scale": scale, **made})
    return prepared


def _cut(
    prepared: Prepared, indices: Sequence[int], normalise: Mapping[str, Any]
) -> tuple[dict[int, np.ndarray], dict[str, float]]:
    """Cut the registered scan into slices {index: float32 [1, H, W] in [0, 1]}; also the values that became 0 and 1."""
    array, inside, axis = prepared.registered.scan.array, prepared.inside, prepared.axis
    whole = bounds(array, inside, **normalise)
    one_by_one = normalise["per"] == "slice" and normalise["method"] != "none"
    cut, limits = {}, []
    for index in indices:
        plane, mask = array.take(index, axis), None if inside is None else inside.take(index, axis)
        if prepared.registered.covered.take(index, axis).mean() < LEAST_OVERLAP:
            raise InputError(f"does not reach slice {index} of the high-resolution scan; narrow the range of slices")
        limits.append(slice_bounds(plane, mask, **normalise) if one_by_one else whole)
        if limits[-1] is None:
            raise InputError(f"is constant in slice {index} of the high-resolution scan; narrow the range of slices")
        cut[index] = scaled(plane, mask, limits[-1])[None]
    return cut, {"low": min(low for low, _ in limits), "high": max(high for _, high in limits)}


@contextlib.contextmanager
def _naming(what: object) -> Iterator[None]:
    """Begin the lines of an `InputError` with what they are about."""
    try:
        yield
    except InputError as error:
        raise InputError(*(f"{what}: {problem}" for problem in error.problems)) from error
