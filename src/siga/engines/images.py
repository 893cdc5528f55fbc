"""Photos in a folder or an object store (S3, GCS, Azure) behind one interface, by obstore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore, from_url

from siga.kit.problem import StoreFull

_NO_SPACE = ("no space left", "os error 28", "disk quota")


class ObjectImages:
    """A `siga.ports.ImageStore`."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name; on disk when this returns."""
        try:
            await obstore.put_async(self._store, name, data)
        except Exception as fault:
            if any(sign in str(fault).lower() for sign in _NO_SPACE):
                raise StoreFull("There is no room for photos; free some space.") from fault
            raise

    async def get(self, name: str) -> bytes | None:
        """The bytes, or None."""
        try:
            result = await obstore.get_async(self._store, name)
        except FileNotFoundError:
            return None
        return bytes(await result.bytes_async())

    async def delete(self, name: str) -> None:
        """Forget the bytes."""
        try:
            await obstore.delete_async(self._store, name)
        except FileNotFoundError:
            return


def open_images(where: Path | str) -> ObjectImages:
    """A folder (made if missing) for a Path, an object store for a URL such as `s3://bucket/prefix`."""
    if isinstance(where, str):
        return ObjectImages(from_url(where))
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    return ObjectImages(LocalStore(where))
