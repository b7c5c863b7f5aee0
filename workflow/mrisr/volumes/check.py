"""Reads every volume of a study before anything else runs, and reports all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mrisr.errors import InputError
from mrisr.files import replacing, sha256
from mrisr.imaging.grid import inside_mask
from mrisr.imaging.intensity import FIXED, far_outside, percentiles
from mrisr.imaging.loaded import LoadedVolume

from .misalignment import misalignment
from .readers import read_role
from .row import ROLES, Volume
from .slicing import NORMALISE, cut, read_row

FAR_OUTSIDE = "extremes far outside the range"
"""Begins the note on a volume that `mrisr.imaging.intensity.far_outside` finds."""
MISALIGNED = "is misaligned"
"""Stands in the note on a low-resolution scan that is displaced by `SUSPICIOUS` or more."""
SUSPICIOUS = 0.1
"""Displacement in pixels of the high-resolution scan from which on a low-resolution scan gets a warning."""
COLUMNS = ("subject", "split", "group", "path", "shape", "spacing", "axis", "slices", "low", "high")
COLUMNS += ("licence", "origin", "sha256", "notes")
SHOWN = ("subject", "split", "group", "shape", "spacing", "slices", "licence", "origin", "notes")
"""Columns of the table for the report, which names no path."""


def run(
    reads: Mapping[str, Any],
    writes: Mapping[str, str],
    *,
    settings: Mapping[str, Any],
    identity: str,
    volumes: Sequence[Volume],
    manifest: str,
    slices: Mapping[str, Any],
    shifts: Mapping[str, float] | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> None:
    """Check all volumes of a study, the action of the stage `check`; arguments as in `check_volumes`.

    ``slices`` is the section of the study, with ``multiple``. ``shifts`` has the option ``shift`` of each degradation
    where it is not 0.

    Raises
    ------
    InputError
        There are problems: all those of all volumes, one line each.
    """
    told = {**slices, "counts": settings["counts"], "allow_leakage": settings["allow_leakage"], "manifest": manifest}
    told["in_colour"] = settings.get("in_colour", ())
    rows = check_volumes(volumes, told, Path(writes["table"]), progress=progress)
    _write(rows, Path(writes["shown"]), SHOWN)
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()))
    for row in rows:
        if FAR_OUTSIDE in row["notes"]:
            print(f"warning: subject '{row['subject']}' ({row['path']}): {row['notes']}; look at the volume")
        if MISALIGNED in row["notes"]:
            print(
                f"warning: subject '{row['subject']}' ({row['path']}): {row['notes']}; compare pixel centres and "
                "headers. Registration (kind scanned) corrects a displacement, nothing else does"
            )
    for name, shift in (shifts or {}).items():
        print(
            f"warning: degradations.{name}: shift {shift:g} displaces its images by {shift:g} pixels along both axes; "
            "set it to 0 unless misalignment is what you study"
        )


def check_volumes(
    volumes: Sequence[Volume],
    settings: Mapping[str, Any],
    out_csv: Path | None,
    *,
    progress: Callable[[int, int], Any] | None = None,
) -> list[dict[str, Any]]:
    """Read and slice every volume as the stage ``slice`` will, and read the other files that its row names.

    Parameters
    ----------
    volumes : sequence of Volume
        The volumes of all splits.
    settings : mapping
        The ``slices`` section of the study. Also ``multiple``: sides of slices have to be multiples of it; ``counts``:
        {subject: number of slices, or None for all}; ``allow_leakage``; ``manifest``: its name in error messages;
        ``in_colour``: metrics that need colours.
    out_csv : path or None
        Where to write the table, by rename and only if nothing is wrong.
    progress : callable, optional
        Called once as ``progress(total, done)``. It returns a progress meter, which is updated during the work.

    Returns
    -------
    list of dict
        One row per volume with the keys `COLUMNS`: ``shape`` and ``spacing`` (mm) of the stored axes, the stored
        ``axis`` along which slices are cut, the number of ``slices``, the values ``low`` and ``high`` that become 0 and
        1, ``licence`` and ``origin`` if they are known, ``sha256`` of the files, and ``notes`` on treatments. A row
        with a low-resolution scan also has ``displacement``, which the table has only among the notes and only if it is
        suspicious.

    Raises
    ------
    InputError
        There are problems: all those of all volumes, one line each.
    """
    manifest = settings.get("manifest", "the manifest")
    rows, problems, contents = [], [], {}
    report = progress(len(volumes), 0) if progress else None
    for number, volume in enumerate(volumes, start=1):
        try:
            row, loaded = _check(volume, settings)
            rows.append(row)
            if volume.split == "test" and loaded.array.ndim == 3:
                _refuse_grey(volume, settings.get("in_colour", ()))
            if not settings.get("allow_leakage", False):
                other = contents.setdefault(_content(loaded), volume)
                _refuse_leak(volume, other)
        except InputError as error:
            problems += (_located(manifest, volume, problem) for problem in error.problems)
        if report:
            report.update(number, volume.subject)
    if problems:
        raise InputError(*problems)
    if out_csv is not None:
        _write(rows, out_csv, COLUMNS)
    return rows


def _check(volume: Volume, settings: Mapping[str, Any]) -> tuple[dict[str, Any], LoadedVolume]:
    problems, notes, scan = [], [], None
    if volume.lr_path is not None:
        try:
            scan = read_role(volume, "lr_path", settings)
            notes += (f"lr_path: {note}" for note in _extremes(scan, None, settings))
        except InputError as error:
            problems += error.problems
    try:
        loaded, mask = read_row(volume, settings)
        if mask is not None and settings.get("outside_mask") == "keep":
            # The mask of a lesion may be empty, and changes no slice.
            inside_mask(replace(mask, array=np.ones_like(mask.array)), loaded)
            mask = None
        slices, metadata = cut(volume, loaded, mask, settings, count=settings.get("counts", {}).get(volume.subject))
    except InputError as error:
        raise InputError(*problems, *error.problems) from error
    if problems:
        raise InputError(*problems)
    place = {} if scan is None else _place(scan, loaded, axis=metadata["axis"], indices=list(slices))
    if MISALIGNED in place.get("displacement", ""):
        notes.append(f"lr_path: {place['displacement']}")
    row = {
        "subject": volume.subject,
        "split": volume.split,
        "group": volume.group,
        "path": str(volume.path),
        "shape": " x ".join(map(str, loaded.array.shape)),
        "spacing": " x ".join(f"{length:.4g}" for length in loaded.spacing),
        "axis": metadata["axis"],
        "slices": len(slices),
        "low": metadata["intensity"]["low"],
        "high": metadata["intensity"]["high"],
        "licence": volume.licence or "",
        "origin": volume.origin or "",
        "sha256": _files_digest(loaded.files),
        "notes": "; ".join([*loaded.notes, *_extremes(loaded, mask, settings), *notes]),
        **place,
    }
    return row, loaded


def _refuse_grey(volume: Volume, metrics: Sequence[str]) -> None:
    """Refuse metrics of colours for a volume that has none."""
    if metrics:
        fix = "compares luma; set its luma to false"
        raise InputError(*(f"{volume.path}: is grey, and evaluation.metrics.{name} {fix}" for name in metrics))


def _place(scan: LoadedVolume, loaded: LoadedVolume, *, axis: int, indices: list[int]) -> dict[str, str]:
    """Where the low-resolution scan lies, by its header, relative to the high-resolution scan: ``displacement``."""
    found = misalignment(scan, loaded, axis=axis, indices=indices)
    if found is None:
        return {"displacement": "cannot be told, the two scans have too little in common"}
    # The sum with 0 writes no negative zero.
    rows, columns = (round(part, 2) + 0.0 for part in (found.rows, found.columns))
    told = f"{rows:.2f} (rows) and {columns:.2f} (columns) pixels of the high-resolution scan"
    return {"displacement": f"{MISALIGNED} by {told}" if found.largest >= SUSPICIOUS else told}


def _extremes(loaded: LoadedVolume, mask: LoadedVolume | None, settings: Mapping[str, Any]) -> list[str]:
    """A note if values of a volume lie far outside the range between the percentiles of ``slices.normalise``."""
    normalise = NORMALISE | dict(settings.get("normalise", {}))
    if normalise["method"] in FIXED:
        return []
    values = loaded.array if mask is None else loaded.array[inside_mask(mask, loaded)]
    low, high = normalise["low_percentile"], normalise["percentile"]
    found = far_outside(values, low, high)
    if found is None:
        return []
    start, end = percentiles(values, low, high)
    return [
        f"{FAR_OUTSIDE} (values reach from {found[0]:.6g} to {found[1]:.6g}, percentiles {low:g} and {high:g} are "
        f"{start:.6g} and {end:.6g})"
    ]


def _files_digest(files: Iterable[Path]) -> str:
    """SHA-256 of one file, or of the list of several files' digests."""
    import hashlib

    digests = [sha256(path) for path in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _content(volume: LoadedVolume) -> str:
    """SHA-256 of the voxels. It also recognises a copy that is compressed or in another format."""
    import hashlib

    array = volume.array
    digest = hashlib.sha256(str(array.shape).encode())
    digest.update((array.T if array.flags.f_contiguous else array.copy()).data)
    return digest.hexdigest()


def _refuse_leak(volume: Volume, other: Volume) -> None:
    if other.split != volume.split:
        raise InputError(
            f"has the same voxels as subject '{other.subject}' in the split '{other.split}': the results would be too "
            "good; keep it in one split (allow_leakage: true in the study permits it, and every table says so)"
        )


def _located(manifest: str, volume: Volume, problem: str) -> str:
    for role in ROLES:
        place = f"{'' if role == 'path' else f'{role} '}{getattr(volume, role)}"
        if problem.startswith(f"{place}: "):
            return f"{manifest}: subject '{volume.subject}' ({place}): {problem.removeprefix(f'{place}: ')}"
    return f"{manifest}: subject '{volume.subject}' ({volume.path}): {problem}"


def _write(rows: list[dict[str, Any]], path: Path, columns: Sequence[str]) -> None:
    import pandas as pd

    with replacing(path) as temporary:
        table = pd.DataFrame(rows, columns=list(columns))
        table.to_csv(temporary, index=False, float_format="%.9g", lineterminator="\n")
