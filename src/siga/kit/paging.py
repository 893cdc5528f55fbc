"""Lists in pieces and spans of time as they come in query strings: cursors, limits, checks."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

import msgspec

from siga.kit.problem import FieldFault, Invalid

Aware = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant in a cursor: one without a zone is none of ours."""
MAX_LIMIT = 1000


def limit_of(limit: int, most: int = MAX_LIMIT) -> int:
    """`limit` if it is 1 to `most`; Invalid otherwise."""
    if not 1 <= limit <= most:
        raise Invalid(f"Ask for 1 to {most} at a time.", errors=[FieldFault("/limit", f"must be 1 to {most}")])
    return limit


def cursor_from(place: object) -> str:
    """A place in a list as opaque text for `next`."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_in(cursor: str, kind: Any) -> Any:
    """The place, of type `kind`, that `cursor_from` had made a cursor of; Invalid for any other text."""
    try:
        raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as fault:
        raise Invalid(
            "This cursor is not one of ours: begin again without it.",
            errors=[FieldFault("/cursor", "is not a cursor of this list")],
        ) from fault


def aware(at: datetime | None, pointer: str) -> datetime | None:
    """The instant if it says its zone; Invalid otherwise, since nobody knows whose noon it would be."""
    if at is not None and at.tzinfo is None:
        raise Invalid(
            "An instant must say its time zone.",
            errors=[FieldFault(pointer, "must end in Z or an offset, e.g. 2026-11-22T09:00:00Z")],
        )
    return at


def span(from_at: datetime | None, to_at: datetime | None) -> tuple[datetime | None, datetime | None]:
    """A span that may be open at either end; Invalid without a zone or when it ends before it begins."""
    from_at, to_at = aware(from_at, "/from"), aware(to_at, "/to")
    if from_at is not None and to_at is not None and from_at > to_at:
        raise Invalid("The span ends before it begins.", errors=[FieldFault("/from", "must not be after 'to'")])
    return from_at, to_at
