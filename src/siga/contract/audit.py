"""Words of the audit: an act as its service tells it, the chained record that Logs makes of it, signed heads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from siga.contract.auth import CallerKind
from siga.contract.base import Word
from siga.contract.events import event

AuditOutcome = Literal["done", "refused", "failed"]
OUTCOMES: tuple[AuditOutcome, ...] = ("done", "refused", "failed")


@event
class Acted(Word):
    """Somebody did something, or read personal data. Holds ids only, never a name, plate, number or address.

    `who` is a user's id, a service's name, or empty for somebody unknown; `about` is what it was done for, e.g. a
    case; `count` is more than 1 where the same was done so often in a short time that it was told together.
    """

    action: str
    who: str
    who_kind: CallerKind
    roles: tuple[str, ...] = ()
    thing: str = ""
    thing_id: str = ""
    about: str = ""
    purpose: str = ""
    reads: bool = False
    outcome: AuditOutcome = "done"
    count: int = 1
    request_id: str | None = None


class AuditRecord(Word):
    """One record of a municipality's chain ("" = the whole system's); `number` counts from 1 without a gap."""

    municipality_id: str
    number: int
    at: datetime
    source: str
    event_id: str
    action: str
    who: str
    who_kind: CallerKind
    roles: tuple[str, ...]
    thing: str
    thing_id: str
    about: str
    purpose: str
    reads: bool
    outcome: AuditOutcome
    count: int
    request_id: str | None
    v: int = 1


class AuditEntry(Word):
    """A record with its link: SHA-256 (hex) over the link before it and the canonical record."""

    record: AuditRecord
    hash: str


class AuditPage(Word):
    """Records, newest first; `next` continues them."""

    entries: list[AuditEntry]
    next: str | None = None


class Head(Word):
    """What a chain had come to at an instant: `number` records, the last with link `hash`.

    Heads of one chain count by `head` from 1 and hang together: `previous` is the SHA-256 of the signed head before,
    empty for the first. `key` is the Ed25519 public key (base64url, RFC 8037 `x`).
    """

    municipality_id: str
    head: int
    number: int
    hash: str
    at: datetime
    previous: str
    key: str
    v: int = 1


class SignedHead(Word):
    """A head as it was signed: `body` is its exact text, `signature` the Ed25519 signature over that (base64url)."""

    body: str
    signature: str


class HeadPage(Word):
    """Signed heads, oldest first; `next` continues them."""

    heads: list[SignedHead]
    next: str | None = None


class ChainState(Word):
    """How far a municipality's chain and its signed heads go, and whether it was found whole.

    `faults` are sentences for a keeper; `checked_at` is when the whole chain was last gone through.
    """

    municipality_id: str
    records: int
    heads: int
    head_at: datetime | None
    exported: bool
    checked_at: datetime | None = None
    whole: bool | None = None
    faults: list[str] = []


class AuditState(Word):
    """The state of the chains that the caller may see."""

    chains: list[ChainState]


class AuditActions(Word):
    """The actions there are records of, in the order of their names."""

    actions: list[str]
