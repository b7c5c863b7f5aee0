"""The subjects of a study: who is in which split, how many slices each gives, and what its files contain."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from . import layout as places
from .errors import InputError, suggestion
from .identity import ContentDigests
from .study import StudyConfig
from .volumes._files import volume_files
from .volumes.manifest import Volume, quota, read_manifest

SPLITS = ("train", "validation", "test")


@functools.cache
def built_in_volumes() -> dict[str, dict[str, Any]]:
    """The entries of data/sources.yaml, by the path they are fetched to."""
    if not places.SOURCES.exists():
        return {}
    entries = yaml.safe_load(places.SOURCES.read_text())["volumes"]
    return {places.BUILT_IN.format(subject=name): {"subject": name, **entry} for name, entry in entries.items()}


class Subjects:
    """The manifest of a study, with what the study makes of it.

    Raises
    ------
    InputError
        The manifest is wrong, a split is empty, or a volume is neither there nor built in.
    """

    def __init__(self, study: StudyConfig):
        self.study = study
        self.volumes = {v.subject: v for v in read_manifest(study.volumes, allow_leakage=study.allow_leakage)}
        self.digests = ContentDigests(places.DIGESTS)
        problems = list(self._problems())
        if problems:
            raise InputError(*problems)

    def of(self, split: str) -> list[str]:
        """Subjects of a split, in the order of the manifest."""
        return [v.subject for v in self.volumes.values() if v.split == split]

    @functools.cached_property
    def groups(self) -> dict[str, str]:
        """Test group of each test subject."""
        return {v.subject: v.group for v in self.volumes.values() if v.split == "test"}

    @functools.cached_property
    def group_names(self) -> list[str]:
        """The test groups, the primary one first."""
        return list(dict.fromkeys(self.groups.values()))

    @functools.cached_property
    def counts(self) -> dict[str, int | None]:
        """How many slices each subject gives: a split's number is shared out evenly over each group of it."""
        counts: dict[str, int | None] = {}
        wanted = self.study.slices.count
        for split in SPLITS:
            total = wanted.get(split) if isinstance(wanted, dict) else wanted
            members = [v for v in self.volumes.values() if v.split == split]
            for group in dict.fromkeys(v.group for v in members):
                subjects = [v.subject for v in members if v.group == group]
                counts |= dict.fromkeys(subjects) if total is None else quota(total, subjects)
        return counts

    def files(self, subject: str, *roles: str) -> dict[str, str | dict[str, str]]:
        """The paths that a subject's row names (``path``, ``mask``, ``lr_path``), and the digests of what is there."""
        volume = self.volumes[subject]
        paths = {role: getattr(volume, role) for role in roles}
        return {
            str(path): self._content(path, volume.kind if role == "path" else None)
            for role, path in paths.items()
            if path is not None
        }

    def _content(self, path: Path, kind: str | None) -> str | dict[str, str]:
        """Digest of a file, or of each file that a volume consists of (the data beside a header, a DICOM series).

        Of a built-in volume that is not fetched yet it is the one that it must have.
        """
        if not path.exists():
            return built_in_volumes()[path.as_posix()]["sha256"]
        files = volume_files(path, kind)
        if files == [path]:
            return self.digests(path)
        return {os.path.relpath(file, path.parent): self.digests(file) for file in files}

    def _problems(self) -> Iterable[str]:
        where = self.study.volumes
        for split in SPLITS:
            if not self.of(split):
                yield f"{where}: no subject has the split '{split}'; a study needs all three"
        for volume in self.volumes.values():
            yield from (f"{where}: {problem}" for problem in self._missing(volume))
        wanted, testing = self.study.figures.panel_subject, self.of("test")
        if wanted is not None and wanted not in testing:
            yield f"figures.panel_subject: '{wanted}' is no test subject ({suggestion(wanted, testing)})"

    def _missing(self, volume: Volume) -> Iterable[str]:
        for role in ("path", "mask", "lr_path"):
            path = getattr(volume, role)
            if path is not None and not Path(path).exists() and str(path) not in built_in_volumes():
                yield f"subject '{volume.subject}': {role}: there is no file {path}"
