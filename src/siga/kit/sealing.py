"""Sealing at rest: AES-256-GCM (NIST SP 800-38D) under a key kept in a file that only its owner can read."""

from __future__ import annotations

import itertools
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_FEWEST_VALUES = 12


class Unsealable(Exception):
    """The sealed bytes were changed, belong to something else, or were sealed under another key."""


class Sealer:
    """Seals and unseals under one 256-bit key. What it is `about` is bound in, so sealed things cannot be swapped."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self._cipher = AESGCM(key)

    @classmethod
    def open(cls, path: Path) -> Sealer:
        """The sealer of the key in `path`, made at the first call; ValueError when the file is no key, or a sample."""
        return cls(key_in(path))

    def seal(self, data: bytes, about: str) -> bytes:
        """A random nonce of 12 bytes, then the ciphertext with its 16-byte tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, about.encode())

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """What was sealed about the same thing; Unsealable when it was not."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as fault:
            raise Unsealable(f"what is kept about {about} cannot be unsealed") from fault

    def of(self, name: str) -> Sealer:
        """A sealer under a key derived for `name`, e.g. one municipality (HKDF, RFC 5869)."""
        return Sealer(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=name.encode()).derive(self._key))


def key_in(path: Path) -> bytes:
    """The 256 random bits kept in `path`, readable by its owner alone, made at the first call.

    ValueError for a sample.
    """
    if not path.exists():
        _keep_key(path, secrets.token_bytes(KEY_BYTES))
    key = path.read_bytes()
    refuse_sample(path, key)
    return key


def refuse_sample(path: Path, key: bytes) -> None:
    """ValueError for what is no key, and for one that was typed or copied from somewhere.

    32 random bytes are never all of them text, nor a count, nor made of a few values again and again: each has a chance
    below 2^-45.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path}: a sealing key has {KEY_BYTES} bytes, not {len(key)}")
    steps = {(b - a) % 256 for a, b in itertools.pairwise(key)}
    if len(set(key)) < _FEWEST_VALUES or len(steps) == 1 or all(32 <= byte < 127 for byte in key):
        raise ValueError(
            f"{path} is no random key but a sample or a text: with it anybody could read what is sealed. Where nothing "
            "is sealed yet remove it, and a start makes another one; else bring the right one back from a backup"
        )


def _keep_key(path: Path, key: bytes) -> None:
    """On disk whole or not at all: a half-written key would lose everything that is sealed under it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
