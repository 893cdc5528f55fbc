"""Who comes to a bay: with a card that is read or not, as a declared guest, or without any right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random
from typing import Literal

from msgspec import Struct

from siga.demo.model import Bay, Category, Guest, Holder, Town
from siga.demo.people import make_plate

# What a visitor does. "check_in": an accredited holder by the app, where no reader is; "lapsed": an expired or revoked
# card; "foreign": a valid card at somebody else's personal bay; "stranger": no accreditation at all.
VisitorKind = Literal["card", "check_in", "card_not_read", "guest", "lapsed", "foreign", "stranger"]
Authorisation = Literal["authorised", "declared", "unverified", "unauthorised"]

_MIXES: dict[Category, tuple[tuple[VisitorKind, float], ...]] = {
    "disabled": (("card", 0.70), ("card_not_read", 0.05), ("guest", 0.10), ("lapsed", 0.03), ("stranger", 0.12)),
    "ambulance": (("card", 0.91), ("card_not_read", 0.04), ("stranger", 0.05)),
    "authority": (("card", 0.86), ("card_not_read", 0.05), ("stranger", 0.09)),
    "delivery": (("card", 0.72), ("card_not_read", 0.06), ("stranger", 0.22)),
    "taxi": (("card", 0.94), ("card_not_read", 0.03), ("stranger", 0.03)),
}
_PERSONAL_MIX: tuple[tuple[VisitorKind, float], ...] = (
    ("card", 0.88), ("card_not_read", 0.05), ("foreign", 0.04), ("stranger", 0.03),
)  # fmt: skip
_TRIES = 12  # to find somebody of that kind who is not parked elsewhere


class Visitor(Struct, frozen=True, kw_only=True):
    """One car that comes: `key` is the holder's or guest's key or, for a stranger, the plate.

    `card_uid` is what the reader sends (None: no read, or no reader here); `expected` what SIGA should come to,
    before any officer's word.
    """

    key: str
    kind: VisitorKind
    plate: str
    card_uid: str | None
    holder: Holder | None
    guest: Guest | None
    expected: Authorisation


class Crowd(Struct, frozen=True, kw_only=True):
    """The town's people sorted for drawing; make one per town with `crowd`."""

    valid: dict[Category, tuple[str, ...]]
    lapsed: tuple[str, ...]
    guest_keys: tuple[str, ...]
    holders: dict[str, Holder]
    guests: dict[str, Guest]
    strangers: tuple[str, ...]


def crowd(town: Town) -> Crowd:
    """Sort the town's people by what they may do."""
    valid = [holder for holder in town.holders if holder.standing == "valid"]
    categories: tuple[Category, ...] = ("disabled", "ambulance", "authority", "delivery", "taxi")
    return Crowd(
        valid={
            category: tuple(holder.key for holder in valid if holder.category == category) for category in categories
        },
        lapsed=tuple(holder.key for holder in town.holders if holder.standing != "valid"),
        guest_keys=tuple(guest.key for guest in town.guests),
        holders={holder.key: holder for holder in town.holders},
        guests={guest.key: guest for guest in town.guests},
        strangers=town.strangers,
    )


def visitor_mix(bay: Bay) -> tuple[tuple[VisitorKind, float], ...]:
    """Kinds and their shares (sum 1) at a bay."""
    return _PERSONAL_MIX if bay.holder else _MIXES[bay.category]


def next_visitor(people: Crowd, bay: Bay, rng: Random, parked: Collection[str] = ()) -> Visitor | None:
    """Draw who comes to `bay`; nobody whose key is in `parked` comes.

    None when all who could come in the drawn way are parked elsewhere: then this arrival does not happen.
    """
    mix = visitor_mix(bay)
    kind = rng.choices([kind for kind, _ in mix], [share for _, share in mix])[0]
    if kind == "stranger":
        plate = _free(people.strangers, rng, parked) or make_plate(rng)
        return Visitor(key=plate, kind=kind, plate=plate, card_uid=None, holder=None, guest=None, expected="unverified")
    if kind == "guest":
        return _guest(people, bay, rng, parked)
    holder = _holder(people, bay, kind, rng, parked)
    return None if holder is None else _with_card(bay, holder, kind, rng)


def _with_card(bay: Bay, holder: Holder, kind: VisitorKind, rng: Random) -> Visitor:
    reader = bay.sensor is not None and "card" in bay.identify
    expected: Authorisation = "unverified"
    if kind == "card" and (reader or "check_in" in bay.identify):
        kind, expected = ("card" if reader else "check_in"), "authorised"
    elif kind == "card":
        kind = "card_not_read"  # the holder may park, but nothing here can tell
    elif kind in ("lapsed", "foreign") and reader:
        expected = "unauthorised"
    uid = holder.card_uid if reader and kind in ("card", "lapsed", "foreign") else None
    return Visitor(
        key=holder.key,
        kind=kind,
        plate=rng.choice(holder.plates),
        card_uid=uid,
        holder=holder,
        guest=None,
        expected=expected,
    )


def _guest(people: Crowd, bay: Bay, rng: Random, parked: Collection[str]) -> Visitor | None:
    key = _free(people.guest_keys, rng, parked)
    if key is None:
        return None
    guest = people.guests[key]
    expected: Authorisation = "declared" if "check_in" in bay.identify else "unverified"
    return Visitor(key=key, kind="guest", plate=guest.plate, card_uid=None, holder=None, guest=guest, expected=expected)


def _holder(people: Crowd, bay: Bay, kind: VisitorKind, rng: Random, parked: Collection[str]) -> Holder | None:
    """Whose card it is: at a personal bay its own holder's, unless a foreign one comes."""
    if bay.holder and kind != "foreign":
        return people.holders[bay.holder] if bay.holder not in parked else None
    key = _free(people.lapsed if kind == "lapsed" else people.valid[bay.category], rng, parked)
    return None if key is None or key == bay.holder else people.holders[key]


def _free(keys: Sequence[str], rng: Random, parked: Collection[str]) -> str | None:
    """A random one that is not parked, after a few tries."""
    for _ in range(_TRIES if keys else 0):
        key = rng.choice(keys)
        if key not in parked:
            return key
    return None
