"""The subjects of a study: their splits, their numbers of slices, and the content of their files."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mrisr.errors import InputError, suggestion
from mrisr.identity import ContentDigests
from mrisr.volumes.choices import Undecided
from mrisr.volumes.files import require_picked, volume_files, why_unreadable
from mrisr.volumes.manifest import Volume, quota, read_manifest
from mrisr.volumes.names import similar_paths
from mrisr.volumes.row import ROLES
from mrisr.volumes.sources import Source, read_sources

from . import places
from .config import StudyConfig
from .evaluation import measures_inside
from .folds import deal, number_of_folds, why_impossible

SPLITS = ("train", "validation", "test")


def built_in_volumes() -> dict[str, Source]:
    """The entries of data/sources.yaml here, by the path they are fetched to; none where there is no such file.

    Raises
    ------
    InputError
        The file is there and is no list of built-in volumes.
    """
    return _built_in(os.getcwd())


@functools.cache
def _built_in(folder: str) -> dict[str, Source]:
    """The built-in volumes of the current folder, read once. ``folder`` is its path."""
    entries = read_sources(places.SOURCES) if os.path.lexists(places.SOURCES) else {}
    return {places.BUILT_IN.format(subject=name): source for name, source in entries.items()}


class Subjects:
    """The subjects of a study's manifest, with their splits, test groups and numbers of slices.

    Raises
    ------
    InputError
        The manifest is wrong, a split is empty, subjects are too few for folds, or a volume is neither there nor built
        in.
    """

    def __init__(self, study: StudyConfig):
        self.study = study
        self.volumes = {v.subject: v for v in read_manifest(study.volumes, allow_leakage=study.allow_leakage)}
        self.digests = ContentDigests(places.DIGESTS)
        problems = list(self._problems())
        if problems:
            raise InputError(*problems)

    @functools.cached_property
    def folds(self) -> int:
        """Number of folds; 1 without cross-validation."""
        return number_of_folds(self.study.folds, len(self.pool)) if self.study.folds else 1

    @functools.cached_property
    def pool(self) -> list[str]:
        """Subjects that are divided into folds: all but those of further test groups. None without cross-validation."""
        if not self.study.folds:
            return []
        return [v.subject for v in self.volumes.values() if v.split != "test" or v.group == self._primary_group]

    @functools.cached_property
    def _primary_group(self) -> str:
        """The test group of the first test subject, or the manifest's default if there is no test subject."""
        return next((v.group for v in self.volumes.values() if v.split == "test"), Volume.group)

    def volume(self, subject: str) -> Volume:
        """A row of the manifest; `InputError` if there is none."""
        if subject not in self.volumes:
            raise InputError(f"{self.study.volumes}: no subject '{subject}' ({suggestion(subject, self.volumes)})")
        return self.volumes[subject]

    def of(self, split: str, fold: int = 0) -> list[str]:
        """Subjects of a split in a fold, in the order of the manifest. Further test groups are tested in every fold."""
        return self._splits[int(fold)][split]

    @functools.cached_property
    def _splits(self) -> list[dict[str, list[str]]]:
        """Subjects of every split, fold by fold."""
        if not self.study.folds:
            return [{split: [v.subject for v in self.volumes.values() if v.split == split] for split in SPLITS}]
        parts = [deal(self.pool, self.folds, fold) for fold in range(self.folds)]
        further = self.groups.keys() - self.pool
        return [{**p, "test": [name for name in self.groups if name in {*p["test"], *further}]} for p in parts]

    def testing_fold(self, subject: str) -> int:
        """The fold that tests a subject; the first fold for a subject that all folds test."""
        return self.pool.index(subject) % self.folds if subject in self.pool else 0

    @functools.cached_property
    def checked(self) -> list[Volume]:
        """The volumes for the stage `check`. With folds, a subject's split is the fold that tests it.

        So the check finds identical volumes in different folds. Licence and origin of a built-in volume are those of
        data/sources.yaml, unless the manifest names others.
        """
        placed = [self._in_its_fold(v) if v.subject in self.pool else v for v in self.volumes.values()]
        return [_named(volume) for volume in placed]

    def _in_its_fold(self, volume: Volume) -> Volume:
        return replace(volume, split=f"fold{self.testing_fold(volume.subject)}", group=self._primary_group)

    @functools.cached_property
    def groups(self) -> dict[str, str]:
        """Test group of each subject that any fold tests."""
        tested = (v for v in self.volumes.values() if v.split == "test" or v.subject in self.pool)
        return {v.subject: self._primary_group if v.subject in self.pool else v.group for v in tested}

    @functools.cached_property
    def group_names(self) -> list[str]:
        """The test groups, the primary one first."""
        return list(dict.fromkeys(self.groups.values()))

    @functools.cached_property
    def counts(self) -> dict[str, int | None]:
        """Number of slices of each subject. The number for a split is divided evenly over each of its groups.

        With folds, the subjects that are divided into folds count as one group.
        """
        counts: dict[str, int | None] = {}
        wanted = self.study.slices.count
        together: dict[tuple[str, str], list[str]] = {}
        for volume in self.volumes.values():
            where = ("", "") if volume.subject in self.pool else (volume.split, volume.group)
            together.setdefault(where, []).append(volume.subject)
        for (split, _), subjects in together.items():
            total = wanted.get(split) if isinstance(wanted, dict) else wanted
            counts |= dict.fromkeys(subjects) if total is None else quota(total, subjects)
        return counts

    def files(self, subject: str, *roles: str) -> list[tuple[str, str | dict[str, str]]]:
        """Paths in the columns `ROLES` of a subject's row, each with the digests of the parts that are read.

        One path may come twice: a volume and its mask may be two images of one folder.
        """
        volume = self.volumes[subject]
        paths = {role: getattr(volume, role) for role in roles}
        return [
            (str(path), self._content(path, volume.kind_of(role))) for role, path in paths.items() if path is not None
        ]

    def _content(self, path: Path, kind: str | None) -> str | dict[str, str]:
        """Digest of a file, or of each file that a volume consists of (the data beside a header, a DICOM series).

        For a built-in volume that is not fetched yet, it is the digest that the file must have.
        """
        if not path.exists():
            return built_in_volumes()[path.as_posix()].sha256
        files = volume_files(path, kind)
        if files == [path]:
            return self.digests(path)
        return {os.path.relpath(file, path.parent): self.digests(file) for file in files}

    def _problems(self) -> Iterable[str]:
        where = self.study.volumes
        if not self.study.folds:
            empty = [split for split in SPLITS if not self.of(split)]
            yield from (f"{where}: no subject has the split '{split}'; a study needs all three" for split in empty)
        elif impossible := why_impossible(len(self.pool), self.folds):
            yield f"{where}: {impossible} (of train, validation and the first test group)"
        for volume in self.volumes.values():
            yield from (f"{where}: {problem}" for problem in self._missing(volume))
        if measures_inside(self.study) and all(self.volumes[name].mask is None for name in self.groups):
            yield f"{where}: no test subject has a mask, and evaluation asks for scores inside it; add the column mask"
        wanted, testing = self.study.figures.panel_subject, list(self.groups)
        if wanted is not None and wanted not in testing:
            yield f"figures.panel_subject: '{wanted}' is no test subject ({suggestion(wanted, testing)})"

    def _missing(self, volume: Volume) -> Iterable[str]:
        for role in ROLES:
            path = getattr(volume, role)
            if path is None:
                continue
            try:
                problem = self._why_missing(path) or _why_unreadable(path, volume.kind_of(role), ROLES[role])
            except OSError as error:
                problem = f"{path} cannot be read ({error.strerror}); see to its name and its permissions"
            if problem:
                yield f"subject '{volume.subject}': {role}: {problem}"

    def _why_missing(self, path: Path) -> str | None:
        if path.exists() or str(path) in built_in_volumes():
            return None
        similar = similar_paths(path)
        hint = f"; there is {str(similar[0])!a}, whose name looks like it: rename one of them" if similar else ""
        return f"there is no file {path}{hint}"


def _named(volume: Volume) -> Volume:
    """The volume with licence and origin, if it is built in and its row does not name them."""
    source = built_in_volumes().get(volume.path.as_posix())
    if source is None:
        return volume
    return replace(volume, licence=volume.licence or source.licence, origin=volume.origin or source.origin)


def _why_unreadable(path: Path, kind: str | None, column: str) -> str | None:
    """The first file of a volume that cannot be read, and why; None if all can be read.

    A folder of pictures that does not say which of them are the slices cannot be read either.
    """
    # The header is first, because it is opened to find its data files.
    if problem := why_unreadable(path):
        return f"{path} {problem}"
    found = ((file, why_unreadable(file)) for file in volume_files(path, kind))
    unreadable = next((f"{file} {problem}" for file, problem in found if problem), None)
    family, _, pattern = (kind or "").partition(":")
    if unreadable is None and path.is_dir() and family in ("", "pictures"):
        try:
            require_picked(path, pattern)
        except Undecided as error:
            return f"{path} {error.line(column)}"
    return unreadable
