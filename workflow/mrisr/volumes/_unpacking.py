"""Reads one member of an archive, block by block. Any problem of the archive becomes an `InputError` of one line."""

from __future__ import annotations

import contextlib
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mrisr.errors import InputError

BLOCK = 1_000_000
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error)
DAMAGE += (EOFError, OSError, ValueError, OverflowError)
"""Exceptions of the archive readers for a truncated or damaged archive."""
REFUSED = (RuntimeError, NotImplementedError)
"""Their exceptions for an encrypted archive or an unknown compression."""


@contextlib.contextmanager
def member(archive: Path, name: str, path: str) -> Iterator[Iterator[bytes]]:
    """The content of a regular file in a zip or tar archive.

    Parameters
    ----------
    archive : Path
    name : str
        Name of the archive in messages.
    path : str
        The member.

    Raises
    ------
    InputError
        There is no such member; it is a folder, a link, a FIFO or a device; it is encrypted; or the archive is cut or
        damaged. The error may also come while blocks are read. Other errors in the caller's block pass unchanged.
    """
    with contextlib.ExitStack() as stack:
        with _naming(name, path):
            if zipfile.is_zipfile(archive):
                file = stack.enter_context(_in_zip(stack.enter_context(zipfile.ZipFile(archive)), path))
            else:
                file = stack.enter_context(_in_tar(stack.enter_context(tarfile.open(archive)), path))
        yield _blocks(file, name, path)


def _in_zip(bundle: zipfile.ZipFile, path: str) -> IO[bytes]:
    found = bundle.getinfo(path)
    # Only archives made under Unix record a mode; a member without one is a file.
    kind = stat.S_IFMT(found.external_attr >> 16)
    if found.is_dir() or kind not in (0, stat.S_IFREG):
        raise _NoFile
    return bundle.open(found)


def _in_tar(bundle: tarfile.TarFile, path: str) -> IO[bytes]:
    found = bundle.getmember(path)
    file = bundle.extractfile(found) if found.isreg() else None
    if file is None:
        raise _NoFile
    return file


def _blocks(file: IO[bytes], name: str, path: str) -> Iterator[bytes]:
    while True:
        with _naming(name, path):
            block = file.read(BLOCK)
        if not block:
            return
        yield block


class _NoFile(Exception):
    """The member exists but is not a regular file."""


@contextlib.contextmanager
def _naming(name: str, path: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise InputError(f"{name}: has no file {path}; see data/sources.yaml") from error
    except _NoFile as error:
        raise InputError(f"{name}: {path} is a folder, a link or a device, no file; see data/sources.yaml") from error
    except REFUSED as error:
        raise InputError(f"{name}: {path} cannot be unpacked ({_one_line(error)}); see data/sources.yaml") from error
    except DAMAGE as error:
        raise InputError(f"{name}: is cut or damaged ({_one_line(error)}); see data/sources.yaml") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
