"""Receipts of stays (D13): which pieces of a stay they cover, what they say, how they are signed and checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from siga.contract.base import Word
from siga.contract.history import Receipt, ReceiptAnswer, ReceiptAsk, ReceiptClaims
from siga.contract.parking import Authorisation
from siga.kit.auth import Keyring
from siga.kit.problem import Conflict, FieldFault, Invalid, NotFound, Unauthenticated
from siga.services.history.model import Stay
from siga.services.history.queries import Span

TYPE = "siga-receipt+jwt"
_ISSUER = "history"


class Covered(Word):
    """The stay that a receipt is for; pieces of one stay of Parking count as one."""

    stay_id: str | None
    started_at: datetime
    ended_at: datetime
    authorisation: Authorisation | None
    simulated: bool


def span_of(ask: ReceiptAsk) -> Span:
    """The span that was asked for; Invalid unless the stay is named either by its id or by bay and span."""
    if ask.stay_id is not None:
        return Span()
    if ask.bay_id is None or ask.from_at is None or ask.to_at is None:
        raise Invalid(
            "Name the stay by 'stay_id', or by 'bay_id', 'from_at' and 'to_at'.",
            errors=[FieldFault("/stay_id", "is missing")],
        )
    if ask.from_at.tzinfo is None or ask.to_at.tzinfo is None or ask.from_at > ask.to_at:
        fault = FieldFault("/from_at", "must be an instant with its zone, not after 'to_at'")
        raise Invalid("The span is not acceptable.", errors=[fault])
    return Span(from_at=ask.from_at, to_at=ask.to_at)


def covered(pieces: Sequence[Stay], span: Span) -> Covered:
    """The one stay meant: all pieces of a named one, else the one that fills most of the span.

    NotFound when there is none (yet: History hears of a stay's end a moment after it), Conflict while it lasts.
    """
    if not pieces:
        raise NotFound("There is no such stay here yet.")
    if span.from_at is not None and span.to_at is not None:
        from_at, to_at = span.from_at, span.to_at
        pieces = [max(pieces, key=lambda one: _overlap(one, from_at, to_at))]
    last = pieces[-1]
    if last.ended_at is None:
        raise Conflict("The stay is not over yet: ask again when the bay is free.")
    return Covered(
        stay_id=last.stay_id, started_at=pieces[0].started_at, ended_at=last.ended_at,
        authorisation=last.authorisation, simulated=any(one.simulated for one in pieces),
    )  # fmt: skip


def _overlap(stay: Stay, from_at: datetime, to_at: datetime) -> timedelta:
    return min(stay.ended_at or to_at, to_at) - max(stay.started_at, from_at)


def signed(keys: Keyring, claims: ReceiptClaims) -> Receipt:
    """The receipt. It has no end: the public half of History's key must be kept as long as receipts shall count."""
    values: dict[str, Any] = msgspec.to_builtins(claims)
    return Receipt(receipt=keys.sign_document(_ISSUER, TYPE, values), claims=claims)


def checked(keys: Keyring, receipt: str) -> ReceiptAnswer:
    """Whether a receipt is ours and unchanged, and what it says."""
    try:
        values = keys.verify_document(receipt.strip(), TYPE)
        if values["iss"] != _ISSUER:
            raise Unauthenticated("It was not issued by History.")
        return ReceiptAnswer(valid=True, claims=msgspec.convert(values, ReceiptClaims))
    except (Unauthenticated, msgspec.ValidationError) as fault:
        return ReceiptAnswer(valid=False, reason=str(fault))
