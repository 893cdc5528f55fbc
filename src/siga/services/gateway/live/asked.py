"""What a client of the live stream asks for: what to watch, from where on, and whether it may hear staff news."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from siga.contract.auth import Claims, Principal, may
from siga.kit.geo import Box, parse_box
from siga.kit.problem import FieldFault, Forbidden, Invalid, Unauthenticated
from siga.services.gateway.live.model import Watch
from siga.services.gateway.sessions import Who

_MOST_BAY_IDS = 50
_BAY_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_MOST_DIGITS = 19


def parse_watch(query_string: bytes) -> tuple[Watch, bool]:
    """What the query asks to watch, and whether staff news too. Invalid for a bad box or nothing to watch."""
    query = parse_qs(query_string.decode("latin-1"))
    box: Box | None = None
    if "bbox" in query:
        box = parse_box(query["bbox"][0])
        if box is None:
            fault = FieldFault("/bbox", "must be minlon,minlat,maxlon,maxlat in degrees")
            raise Invalid("The box cannot be read.", errors=[fault])
    bay_ids = frozenset(query.get("bay_id", []))
    if len(bay_ids) > _MOST_BAY_IDS or not all(_BAY_ID.fullmatch(bay_id) for bay_id in bay_ids):
        fault = FieldFault("/bay_id", f"must be a bay's id; at most {_MOST_BAY_IDS} of them")
        raise Invalid("These bays cannot be watched.", errors=[fault])
    staff = query.get("staff", ["0"])[0] in ("1", "true")
    if box is None and not bay_ids and not staff:
        raise Invalid("Say what to watch: bbox=minlon,minlat,maxlon,maxlat or bay_id=….")
    return Watch(box, bay_ids), staff


def position_of(last_event_id: str | None) -> int | None:
    """The position a client says it was told up to; None when it says nothing that can be read."""
    if not last_event_id or len(last_event_id) > _MOST_DIGITS:
        return None
    return int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else None


def claims_of(who: Who) -> Claims:
    """The caller's grants, as `may` asks for them."""
    grants = who.grants if isinstance(who, Principal) else ()
    return Claims(iss="gateway", aud="gateway", sub="", kind="person", exp=0, iat=0, grants=grants)


def need_staff(who: Who) -> None:
    """Refuse staff news to whoever has no role that hears any."""
    if not isinstance(who, Principal):
        raise Unauthenticated("Sign in first.")
    claims = claims_of(who)
    if not may(claims, "cases.work") and not may(claims, "devices.read"):
        raise Forbidden("Your role hears no staff news.")
