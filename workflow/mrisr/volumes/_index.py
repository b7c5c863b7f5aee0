"""The package index that the user's pip is set to, and a session that reaches it as pip would."""

from __future__ import annotations

import ast
import os
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from requests.adapters import BaseAdapter, HTTPAdapter

PRECEDENCE = ("global", "install", "download", ":env:")
"""Sections of pip's configuration. A later one overrules an earlier one."""


@dataclass(frozen=True)
class Index:
    """Where packages come from: ``urls`` of simple indexes and ``folders`` of archives (``find-links``)."""

    urls: tuple[str, ...]
    folders: tuple[Path, ...] = ()
    certificate: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 60.0

    def session(self) -> requests.Session:
        """A session with pip's certificate, proxy and trusted hosts that also reads ``file:`` addresses."""
        session = requests.Session()
        session.mount("file://", _FileAdapter())
        session.mount("https://", _SystemTrustAdapter())
        for host in self.trusted_hosts:
            session.mount(f"https://{host}", _UnverifiedAdapter())
        session.verify = self.certificate or True
        if self.proxy:
            session.proxies = {"http": self.proxy, "https": self.proxy}
        return session


def configured_index() -> Index:
    """The index of this interpreter's pip: environment, configuration files, or else the public index."""
    pip = pip_settings()
    offline = pip.get("no-index", "").lower() in ("1", "true", "yes", "on")
    urls = [pip.get("index-url", PYPI_SIMPLE_ENDPOINT), *pip.get("extra-index-url", "").split()]
    folders = (_local(entry) for entry in pip.get("find-links", "").split())
    return Index(
        urls=() if offline else tuple(urls),
        folders=tuple(folder for folder in folders if folder is not None),
        certificate=pip.get("cert"),
        proxy=pip.get("proxy"),
        trusted_hosts=tuple(pip.get("trusted-host", "").split()),
        timeout=float(pip.get("timeout") or pip.get("default-timeout") or 60),
    )


def pip_settings() -> dict[str, str]:
    """pip's settings by option name. Without pip they come from the environment alone (``PIP_INDEX_URL`` ...)."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        found = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return {name.removeprefix("PIP_").lower().replace("_", "-"): value for name, value in found.items()}
    settings: dict[str, tuple[int, str]] = {}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in PRECEDENCE:
            candidate = (PRECEDENCE.index(section), str(ast.literal_eval(value)))
            settings[option] = max(settings.get(option, candidate), candidate, key=lambda pair: pair[0])
    return {option: value for option, (_, value) in settings.items()}


def without_credentials(url: str) -> str:
    """An address without its user name and password, safe for a log."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _local(entry: str) -> Path | None:
    """The local folder of a ``find-links`` entry; None for a page on the web."""
    if entry.startswith("file:"):
        return Path(unquote(urlsplit(entry).path))
    return None if "://" in entry else Path(entry).expanduser()


class _SystemTrustAdapter(HTTPAdapter):
    """Trusts the system's certificates besides those of requests, as pip does. A laboratory's firewall may need it."""

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs, ssl_context=ssl.create_default_context())


class _UnverifiedAdapter(HTTPAdapter):
    """Accepts any certificate, for the hosts in pip's ``trusted-host``. Downloads are verified by their SHA-256."""

    def send(self, request, *args, **kwargs):
        """Send a request without checking the host's certificate."""
        return super().send(request, *args, **(kwargs | {"verify": False}))


class _FileAdapter(BaseAdapter):
    """Answers ``file:`` addresses with a file, or with the index.html of a folder."""

    def send(self, request, **_):
        """Answer a request from the disk; 404 where there is nothing."""
        path = Path(unquote(urlsplit(request.url).path))
        path = path / "index.html" if path.is_dir() else path
        response = requests.Response()
        response.request, response.url = request, request.url
        response.status_code = 200 if path.is_file() else 404
        if path.is_file():
            response.raw = open(path, "rb")  # noqa: SIM115 (the response closes it)
            response.headers["Content-Length"] = str(path.stat().st_size)
        return response

    def close(self):
        pass
