"""Fetch a built-in volume, once for all studies."""

from __future__ import annotations

from typing import Any

from mrisr.errors import InputError, suggestion
from mrisr.planning.job import Job
from mrisr.study.places import BUILT_IN, SOURCES
from mrisr.study.subjects import built_in_volumes

from .stage import Asks, Stage


class Fetch(Stage):
    """One job fetches one volume. It belongs to no study."""

    NAME, RULE, VERB = "fetch", "fetch_volume", "fetch"
    ACTION = "mrisr.volumes.fetch"
    KEY = "{subject}"
    FILES = {"volume": BUILT_IN}
    RECORD = "data/volumes/{subject}.run.json"
    NOMINAL_SECONDS = 5.0
    IN_STUDY = False

    def job(self, subject: str) -> Job:
        """The job of a volume of data/sources.yaml."""
        return fetch_job(subject)

    def asks(self, costs: Any) -> Asks:
        """Half an hour including the start, for a slow network."""
        return Asks(750, 25)


def fetch_job(subject: str) -> Job:
    """The job that fetches a built-in volume, without any study.

    Its identity depends only on the checksum, because no other code or setting can change the volume's bytes.
    """
    path, entries = BUILT_IN.format(subject=subject), built_in_volumes()
    if path not in entries:
        names = [entry.subject for entry in entries.values()]
        raise InputError(f"{SOURCES}: there is no volume '{subject}' ({suggestion(subject, names)})")
    return Job(
        stage=Fetch.NAME,
        action=Fetch.ACTION,
        settings={"sha256": entries[path].sha256},
        modules=(),
        reads={},
        writes={"volume": path},
        record=Fetch.RECORD.format(subject=subject),
        context={"subject": subject, "sources": SOURCES},
    )
