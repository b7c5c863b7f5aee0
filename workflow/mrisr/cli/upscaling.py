"""What ``mrisr upscale`` does."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mrisr import baselines, files
from mrisr.errors import InputError
from mrisr.evaluation.estimates import ModelEstimator
from mrisr.progress import Progress
from mrisr.upscaling.origin import Origin, origin
from mrisr.upscaling.volume import Scan, require_nifti, upscale
from mrisr.upscaling.warning import Comparison, compare
from mrisr.volumes.readers import read_volume
from mrisr.volumes.slicing import NORMALISE


def upscale_by_model(
    path: Path, folder: Path, out: Path, *, axis: str | None, enlarge: bool, threads: int, device: str
) -> None:
    """Apply a trained model to a scan. Warnings go to standard error and into the JSON file beside the output."""
    require_nifti(out)
    model = origin(folder)
    estimate = ModelEstimator(model.weights, threads=threads, device=device)
    scan = Scan.of(read_volume(path), axis or model.axis, model.normalise)
    if scan.channels != estimate.metadata["channels"]:
        raise InputError(
            f"{path}: has {scan.channels} channel(s), and the model was trained on {estimate.metadata['channels']}; "
            "take a model that was trained on such volumes"
        )
    factor = int(estimate.metadata["scale"])
    found = compare(scan, model, same_grid=factor == 1)
    for warning in found.warnings:
        sys.stderr.write(f"warning: {path}: {warning}\n")
    before = int(model.names["scale"]) if enlarge and factor == 1 else 1
    if enlarge and factor > 1:
        raise InputError(f"--enlarge: the model enlarges by {factor} itself; leave the option out")
    upscale(scan, estimate, out, scale=factor, enlarge=before, progress=_progress(path))
    _write_record(out, path, scan, factor * before, model=model, compared=found)


def upscale_by_baseline(path: Path, name: str, out: Path, *, scale: int, axis: str | None) -> None:
    """Apply a baseline to a scan."""
    require_nifti(out)
    estimate = baselines.build(name, scale=scale)
    scan = Scan.of(read_volume(path), axis or "axial", NORMALISE)
    upscale(scan, estimate, out, scale=scale, progress=_progress(path))
    _write_record(out, path, scan, scale, baseline=name)


def _progress(path: Path):
    return lambda total, done: Progress(f"upscaling {path.name}", total, start=done)


def _write_record(
    out: Path,
    path: Path,
    scan: Scan,
    factor: int,
    *,
    model: Origin | None = None,
    compared: Comparison | None = None,
    baseline: str | None = None,
) -> None:
    """Write the JSON file beside the output: what was applied to what, and the warnings."""
    record: dict[str, Any] = {
        "input": {"name": path.name, "sha256": files.sha256(path)},
        "output": {"name": out.name, "sha256": files.sha256(out)},
        "axis": scan.axis,
        "factor": factor,
        "notes": list(scan.volume.notes),
        "baseline": baseline,
        "model": None if model is None else {"identity": model.identity, **model.names},
        "comparison": None if compared is None else asdict(compared),
    }
    files.write_json(out.with_name(out.name.removesuffix(".gz").removesuffix(".nii") + ".json"), record)
