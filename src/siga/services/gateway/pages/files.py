"""Static files under names that hold a hash of what is in them, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}  # fmt: skip
_IMPORT = re.compile(rb"""(from\s+|import\s+)["']\./([a-z0-9_.-]+\.js)["']""")
PREFIX = "/static/"


class File(NamedTuple):
    """One file as it is served."""

    body: bytes
    media_type: str


class Files:
    """All files of some folders. `url("siga.css")` is where it is served; `served` holds them by that last segment."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._paths = {path.name: path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())}
        self._names: dict[str, str] = {}
        self.served: dict[str, File] = {}
        for name in self._paths:
            self._add(name)

    def url(self, name: str) -> str:
        """The address of a file; KeyError when there is none of that name."""
        return PREFIX + self._names[name]

    def _add(self, name: str) -> str:
        """Serve a file and return its hashed name; modules that it imports come first, their names are written in."""
        if name in self._names:
            return self._names[name]
        path = self._paths[name]
        body = path.read_bytes()
        if path.suffix == ".js":
            body = _IMPORT.sub(lambda found: self._import(found), body)
        digest = hashlib.sha256(body).hexdigest()[:12]
        served = self._names[name] = f"{path.stem}-{digest}{path.suffix}"
        self.served[served] = File(body, _TYPES.get(path.suffix, "application/octet-stream"))
        return served

    def _import(self, found: re.Match[bytes]) -> bytes:
        return found[1] + b'"./' + self._add(found[2].decode()).encode() + b'"'
