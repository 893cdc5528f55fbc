"""What every use case works with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from siga.kit.audit import AuditDesk
from siga.kit.auth import Keyring
from siga.kit.clock import Clock
from siga.kit.ids import tidy_code
from siga.kit.journal import Journal
from siga.ports import Database
from siga.services.users.hashing import Hasher
from siga.services.users.vault import Vault

_CLAIMANT = 36
"""Letters of a claimant, which a UUID has as well: 144 bits."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """The store, the journal, the keys, the clock."""

    db: Database
    journal: Journal
    vault: Vault
    hasher: Hasher
    keys: Keyring
    clock: Clock
    audit: AuditDesk

    def claimant(self, user_id: str) -> str:
        """How an accreditation tells who claimed it: a keyed hash, so that no copy of the store leads to a person."""
        return self.vault.blind("claimant", user_id)[:_CLAIMANT]

    def code_match(self, what: str, code: str) -> str:
        """How a one-time code is kept and found, however a person typed it."""
        return self.vault.blind(what, tidy_code(code))


def sha256(token: str) -> str:
    """How a token of 256 random bits is kept and found."""
    return hashlib.sha256(token.encode()).hexdigest()
