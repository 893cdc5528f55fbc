"""Photos and readings at rest: each under a data key of its own, wrapped by its municipality's key.

Destroying the wrapped key destroys photo and reading at once (crypto-shredding), wherever copies of the file lie.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from datetime import datetime

import msgspec

from siga.kit.problem import Problem
from siga.kit.sealing import KEY_BYTES, Sealer, Unsealable
from siga.ports import ImageStore
from siga.services.images.jobs import PhotoKind
from siga.services.images.model import Reading


class PhotoLost(Problem):
    """The photo is no longer as it was kept"""

    slug, status = "photo-lost", 410


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sealed photo lies: its name (SHA-256 of the sealed bytes) and its wrapped data key (base64)."""

    name: str
    wrapped_key: str


class Photo(Kept, frozen=True, kw_only=True):
    """One photo of a case (or of a driver's report, whose id then stands in `case_id`).

    `sha256` and `bytes` are of the original as it arrived. `held`: until `held_until`, or until further notice when
    that is None.
    """

    photo_id: str
    case_id: str
    bay_id: str
    municipality_id: str
    kind: PhotoKind
    site_country: str
    sha256: str
    bytes: int
    stored_at: datetime
    held: bool = False
    held_until: datetime | None = None


class EvidenceStore:
    """Seals and opens photos and their readings; `master` is this service's own key."""

    def __init__(self, images: ImageStore, master: Sealer) -> None:
        self._images, self._master = images, master

    async def keep(self, photo_id: str, municipality_id: str, data: bytes) -> Kept:
        """Seal the original and put it on disk; raises StoreFull."""
        kept, sealed = await asyncio.to_thread(self._seal, photo_id, municipality_id, data)
        await self._images.put(kept.name, sealed)
        return kept

    def _seal(self, photo_id: str, municipality_id: str, data: bytes) -> tuple[Kept, bytes]:
        data_key = secrets.token_bytes(KEY_BYTES)
        sealed = Sealer(data_key).seal(data, _about_photo(photo_id))
        wrapped = self._master.of(municipality_id).seal(data_key, _about_key(photo_id))
        digest = hashlib.sha256(sealed).hexdigest()
        return Kept(name=f"{digest[:2]}/{digest}", wrapped_key=base64.b64encode(wrapped).decode()), sealed

    async def original(self, photo: Photo) -> bytes:
        """The original bytes; PhotoLost when the file is gone or was changed."""
        sealed = await self._images.get(photo.name)
        if sealed is None:
            raise PhotoLost("The file of this photo is missing from the photo store.")
        return await asyncio.to_thread(self._open, photo, sealed)

    def _open(self, photo: Photo, sealed: bytes) -> bytes:
        try:
            return self._key_of(photo).unseal(sealed, _about_photo(photo.photo_id))
        except Unsealable as fault:
            raise PhotoLost("The file of this photo was changed after it was kept.") from fault

    def _key_of(self, photo: Photo) -> Sealer:
        wrapped = base64.b64decode(photo.wrapped_key)
        return Sealer(self._master.of(photo.municipality_id).unseal(wrapped, _about_key(photo.photo_id)))

    def seal_reading(self, photo: Photo, reading: Reading) -> str:
        """A reading as sealed base64 text, under its photo's key."""
        sealed = self._key_of(photo).seal(msgspec.json.encode(reading), _about_reading(photo.photo_id))
        return base64.b64encode(sealed).decode()

    def open_reading(self, photo: Photo, sealed: str) -> Reading:
        """The reading again; PhotoLost when it was changed."""
        try:
            plain = self._key_of(photo).unseal(base64.b64decode(sealed), _about_reading(photo.photo_id))
        except Unsealable as fault:
            raise PhotoLost("The reading of this photo was changed after it was kept.") from fault
        return msgspec.json.decode(plain, type=Reading)

    async def forget(self, name: str) -> None:
        """Take a sealed file away."""
        await self._images.delete(name)


def sha256_of(data: bytes) -> str:
    """Lower-case hex SHA-256, taken of the original as it arrived."""
    return hashlib.sha256(data).hexdigest()


def _about_photo(photo_id: str) -> str:
    return f"photo:{photo_id}"


def _about_key(photo_id: str) -> str:
    return f"photo-key:{photo_id}"


def _about_reading(photo_id: str) -> str:
    return f"reading:{photo_id}"
