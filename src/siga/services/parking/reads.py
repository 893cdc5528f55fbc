"""What anyone may read of the bays, put together from what is encoded already; the express lane and the documented
handlers both answer by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from siga.contract.parking import Category, PublicOccupancy
from siga.kit.clock import Clock
from siga.kit.geo import Box, on_earth
from siga.kit.problem import FieldFault, Invalid
from siga.services.parking.picture import Picture


class OffTheEarth(Invalid):
    """These coordinates are not on the earth"""

    slug = "off-the-earth"


class Tagged(NamedTuple):
    """An encoded answer and its ETag, which changes with what it says of the bays."""

    body: bytes
    tag: str


class Reads:
    """Public reads. They never wait, and see what was committed last."""

    def __init__(self, picture: Picture, clock: Clock) -> None:
        self.picture, self._clock = picture, clock

    def nearest(self, lon: float, lat: float, category: Category | None, limit: int, max_distance_m: float | None,
                occupancy: str) -> Tagged:  # fmt: skip
        """A `BayList` of the bays nearest to a position; OffTheEarth, Invalid."""
        if not on_earth(lon, lat):
            fault = FieldFault("/lon", "longitude is -180 to 180, latitude -90 to 90")
            raise OffTheEarth("Longitude is -180 to 180, latitude -90 to 90.", errors=[fault])
        if occupancy not in ("free", "any"):
            raise Invalid("occupancy is 'free' or 'any'.", errors=[FieldFault("/occupancy", "must be 'free' or 'any'")])
        now = self._clock()
        hits = self.picture.nearest(
            lon, lat, category=category, only_free=occupancy == "free", limit=limit, max_distance_m=max_distance_m
        )
        parts = self.picture.encoded_hits(hits, now, now.timestamp())
        body = b'{"bays":[%b],"next":null,"position":%d}' % (b"".join(parts)[:-1], self.picture.position)
        # Pieces keep their hashes, so that only the distances are looked at anew.
        return Tagged(body, _tag(hash(tuple(parts))))

    def one(self, bay_id: str) -> Tagged | None:
        """A `BayView`; None when anyone may not see such a bay."""
        place = self.picture.public_place(bay_id)
        if place is None:
            return None
        now = self._clock()
        body = self.picture.encoded(place, now, now.timestamp())
        return Tagged(body, tag_of(body))

    def page(self, box: Box, words: tuple[PublicOccupancy, ...] | None, category: Category | None, limit: int,
             cursor: str | None) -> Tagged:  # fmt: skip
        """A `BayList` of the bays in a box, in the order in which they were made; Invalid for a cursor not of ours."""
        places = self.picture.in_box(box, words=words, category=category)
        now = self._clock()
        rows, more = cut(self.picture, places, limit, cursor)
        items = self.encoded(rows, now)
        return self.listed(items, msgspec.json.encode(more))

    def encoded(self, places: Sequence[int], now: datetime) -> bytes:
        """Public views, as JSON separated by commas."""
        picture, now_s = self.picture, now.timestamp()
        return b",".join([picture.encoded(place, now, now_s) for place in places])

    def listed(self, items: bytes, more: bytes) -> Tagged:
        """A `BayList` of encoded bays; `more` is its encoded cursor."""
        body = b'{"bays":[%b],"next":%b,"position":%d}' % (items, more, self.picture.position)
        return Tagged(body, tag_of(items))


def cut(picture: Picture, places: Sequence[int], limit: int, cursor: str | None) -> tuple[list[int], str | None]:
    """The page of ascending `places` behind the cursor (the id of the bay before), and the next cursor if there is
    more."""
    start = 0
    if cursor:
        before = picture.columns.places.get(cursor)
        if before is None:
            raise Invalid("The cursor is not one of ours.", errors=[FieldFault("/cursor", "take it from `next`")])
        start = int(places.searchsorted(before, "right"))  # type: ignore[attr-defined]
    page: list[int] = places[start : start + limit].tolist()  # type: ignore[attr-defined]
    more = start + limit < len(places) and bool(page)
    return page, picture.columns.bay_id(page[-1]) if more else None


def tag_of(data: bytes) -> str:
    """An ETag: good while this process lives, which is long enough to ask again cheaply."""
    return _tag(hash(data))


def _tag(word: int) -> str:
    return f'"{word & (1 << 64) - 1:016x}"'


def is_same(tag: str, if_none_match: str | None) -> bool:
    """Whether the client has this already (RFC 9110 §13.1.2; compared weakly)."""
    if not if_none_match:
        return False
    return if_none_match == "*" or tag in (part.strip().removeprefix("W/") for part in if_none_match.split(","))
