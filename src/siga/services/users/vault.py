"""Seals what only Users may read: AES-256-GCM under a master key that lives beside the store, never in it."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from siga.kit.sealing import refuse_sample
from siga.services.users.model.problems import MasterKeyLost

_KEY_BYTES, _NONCE_BYTES = 32, 12
_CHECK = b"siga users master key"


class Vault:
    """Seals, opens and blinds. Two keys are derived from the master key: one to seal, one for keyed hashes."""

    def __init__(self, master: bytes) -> None:
        self._seal = AESGCM(HKDFExpand(SHA256(), _KEY_BYTES, b"siga users seal").derive(master))
        self._blind = HKDFExpand(SHA256(), _KEY_BYTES, b"siga users blind").derive(master)

    def seal(self, plain: bytes, place: str) -> bytes:
        """Nonce and ciphertext. `place` names the field and row, so that a sealed value is good nowhere else."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The value again; MasterKeyLost when it was sealed with another key or belongs elsewhere."""
        try:
            return self._seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as fault:
            raise MasterKeyLost("A sealed value cannot be opened with this master key.") from fault

    def blind(self, what: str, value: str) -> str:
        """A keyed hash, 64 characters of lower-case hex, for what is looked up and never shown: codes, addresses."""
        return hmac.new(self._blind, f"{what}:{value}".encode(), hashlib.sha256).hexdigest()

    def check(self) -> bytes:
        """A value to keep in the store, by which a later start knows that it has the right key."""
        return self.seal(_CHECK, "master-check")

    def agrees_with(self, check: bytes) -> bool:
        """Whether the store was sealed with this key."""
        try:
            return self.open(check, "master-check") == _CHECK
        except MasterKeyLost:
            return False


def open_vault(path: Path, check: bytes | None) -> Vault:
    """The vault of the key file at `path`, made at the first start (owner only, synced before anything is sealed).

    MasterKeyLost when the store has a `check` of another key, or the file of a store in use is missing or damaged:
    a new key would make all that is sealed unreadable for ever.
    """
    if not path.exists():
        if check is not None:
            raise MasterKeyLost(f"The file '{path.name}' in the data folder of Users is missing: restore it.")
        _make_key(path)
    master = path.read_bytes()
    if len(master) != _KEY_BYTES:
        raise MasterKeyLost(f"The file '{path.name}' is damaged: it must hold {_KEY_BYTES} bytes. Restore it.")
    refuse_sample(path, master)
    vault = Vault(master)
    if check is not None and not vault.agrees_with(check):
        raise MasterKeyLost(f"The file '{path.name}' does not belong to this store: restore the one that does.")
    return vault


def _make_key(path: Path) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, os.urandom(_KEY_BYTES))
        os.fsync(file)
    finally:
        os.close(file)
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
